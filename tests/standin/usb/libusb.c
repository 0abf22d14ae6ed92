/* A libusb with one QHY600 on it. QHYCCD's own library, loaded on top of this, believes in a camera, so that its
 * argument checks, return codes, bookkeeping and the way of single frames through it can be looked at without one.
 *
 * Every control read gives zeros, but for the fill of the camera's memory, and every write is taken: versions,
 * temperature and supply are not real. After the write that starts an exposure a raw frame can be read. Streams stay
 * empty: how frames are marked in them is not known. Seen by watching what libqhyccd 26.6 asks for; it asks for
 * nothing that is not here. The structures are those of libusb 1.0. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

enum { VENDOR = 0x1618, QHY600 = 0xC601, SUPER_SPEED = 4, TIMED_OUT = -7, NOT_SUPPORTED = -12, FROM_DEVICE = 0x80 };
enum { CANCELLED = 3 };

typedef struct Device Device;
typedef struct Context Context;

struct Version {
    uint16_t major, minor, micro, nano;
    const char *rc, *describe;
};

struct DeviceDescriptor {
    uint8_t length, type;
    uint16_t usb;
    uint8_t device_class, subclass, protocol, packet;
    uint16_t vendor, product, device;
    uint8_t manufacturer_text, product_text, serial_text, configurations;
};

struct Transfer {
    Device *handle;
    uint8_t flags;
    unsigned char endpoint, type;
    unsigned timeout;
    int status, length, actual_length;
    void (*callback)(struct Transfer *);
    void *user_data;
    unsigned char *buffer;
    int packets;
};

/* A transfer as it was allocated: ours goes before what the caller sees. */
struct Submitted {
    struct Submitted *next;
    int is_pending, is_cancelled;
    struct Transfer transfer;
};

struct Device {
    int unused;
};
struct Context {
    int unused;
};
static Device device;
static Context context;
static struct Submitted *all;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* For whoever holds this from outside: how many raw frames can be read, the number of the last exposure, from 1, the
 * bits of a pixel on the link, 8 or 16, and what light adds to each pixel. */
EXPORT int standin_usb_frames = 1000000, standin_usb_exposure, standin_usb_bits = 16, standin_usb_light;

enum { START_EXPOSURE = 0xB8, START_REGISTER = 0x19E, MEMORY_FILL = 0xBC, FILL_INDEX = 4 };
enum { COLUMNS = 9600, ROWS = 6456 };
enum { COMMAND = 0xD1, SET_ROWS = 0xA2, FIRST_ROW = 25 };
static int64_t read_so_far;
static uint32_t first_row, rows = ROWS;

/* A pixel of a raw frame: columns 22 and 23 are 0, others 500 to 1523 and the light. No two rows and no two exposures
 * are alike. */
static uint32_t pixel(uint32_t row, uint32_t column)
{
    uint32_t mixed = ((uint32_t)standin_usb_exposure * ROWS + row) * 0x9E3779B1u;
    mixed = (mixed ^ mixed >> 15) * 0x85EBCA6Bu + column * 0xC2B2AE35u;
    mixed = (mixed ^ mixed >> 16) * 0x7FEB352Du;
    return column == 22 || column == 23 ? 0 : 500 + (uint32_t)standin_usb_light + (mixed >> 22);
}

static int is_there(void)
{
    return standin_usb_exposure > 0 && standin_usb_exposure <= standin_usb_frames;
}

static int64_t left(void)
{
    return (int64_t)COLUMNS * rows * (standin_usb_bits / 8) - read_so_far;
}

/* How many bytes of the frame come next, big-endian; 0 at its end, -1 where there is none. In 8 bit a pixel is the low
 * byte. */
static int read_frame(unsigned char *data, int length)
{
    int bytes = standin_usb_bits / 8;
    if (!is_there())
        return -1;
    if (length > left())
        length = (int)left();
    for (int n = 0; n < length; n += bytes) {
        int64_t place = (read_so_far + n) / bytes;
        uint32_t value = pixel(first_row + (uint32_t)(place / COLUMNS), (uint32_t)(place % COLUMNS));
        if (bytes == 2)
            data[n] = (unsigned char)(value >> 8);
        data[n + bytes - 1] = (unsigned char)value;
    }
    read_so_far += length;
    return length;
}

static struct Submitted *of(struct Transfer *transfer)
{
    return (struct Submitted *)(void *)((char *)transfer - offsetof(struct Submitted, transfer));
}

static void wait_ms(unsigned ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

EXPORT const struct Version *libusb_get_version(void)
{
    static const struct Version version = {1, 0, 26, 0, "", "stand-in"};
    return &version;
}

EXPORT int libusb_init(Context **out)
{
    if (out != NULL)
        *out = &context;
    return 0;
}

EXPORT void libusb_exit(Context *unused)
{
    (void)unused;
}

EXPORT int libusb_has_capability(uint32_t capability)
{
    (void)capability;
    return 0;
}

EXPORT int libusb_hotplug_register_callback(void)
{
    return NOT_SUPPORTED;
}

EXPORT const char *libusb_error_name(int code)
{
    return code == TIMED_OUT ? "LIBUSB_ERROR_TIMEOUT" : "LIBUSB_ERROR_OTHER";
}

EXPORT ssize_t libusb_get_device_list(Context *unused, Device ***list)
{
    (void)unused;
    *list = calloc(2, sizeof **list);
    (*list)[0] = &device;
    return 1;
}

EXPORT void libusb_free_device_list(Device **list, int unreference)
{
    (void)unreference;
    free(list);
}

EXPORT int libusb_get_device_descriptor(Device *unused, struct DeviceDescriptor *out)
{
    (void)unused;
    *out = (struct DeviceDescriptor){.length = 18,
                                     .type = 1,
                                     .usb = 0x0300,
                                     .packet = 9,
                                     .vendor = VENDOR,
                                     .product = QHY600,
                                     .configurations = 1};
    return 0;
}

EXPORT int libusb_open(Device *opened, Device **handle)
{
    *handle = opened;
    return 0;
}

EXPORT Device *libusb_get_device(Device *handle)
{
    return handle;
}

EXPORT int libusb_get_device_speed(Device *unused)
{
    (void)unused;
    return SUPER_SPEED;
}

EXPORT uint8_t libusb_get_bus_number(Device *unused)
{
    (void)unused;
    return 1;
}

EXPORT uint8_t libusb_get_device_address(Device *unused)
{
    (void)unused;
    return 2;
}

EXPORT uint8_t libusb_get_port_number(Device *unused)
{
    (void)unused;
    return 1;
}

EXPORT int libusb_get_port_numbers(Device *unused, uint8_t *ports, int length)
{
    (void)unused;
    if (length > 0)
        ports[0] = 1;
    return 1;
}

EXPORT int libusb_control_transfer(Device *handle, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
                                   unsigned char *data, uint16_t length, unsigned timeout)
{
    (void)handle, (void)value, (void)timeout;
    if (type & FROM_DEVICE)
        memset(data, request == MEMORY_FILL && index == FILL_INDEX && is_there() && left() > 0 ? 0x7F : 0, length);
    if (request == COMMAND && length >= 10 && data[0] == SET_ROWS) {
        rows = (uint32_t)data[5] << 16 | (uint32_t)data[6] << 8 | data[7];
        first_row = ((uint32_t)data[8] << 8 | data[9]) - FIRST_ROW;
    }
    if (request == START_EXPOSURE && index == START_REGISTER) {
        standin_usb_exposure++;
        read_so_far = 0;
    }
    return length;
}

EXPORT int libusb_bulk_transfer(Device *handle, unsigned char endpoint, unsigned char *data, int length,
                                int *transferred, unsigned timeout)
{
    (void)handle, (void)endpoint;
    *transferred = read_frame(data, length);
    if (*transferred >= 0)
        return 0;
    *transferred = 0;
    wait_ms(timeout);
    return TIMED_OUT;
}

EXPORT struct Transfer *libusb_alloc_transfer(int packets)
{
    struct Submitted *made = calloc(1, sizeof *made + (size_t)packets * 16);
    pthread_mutex_lock(&mutex);
    made->next = all;
    all = made;
    pthread_mutex_unlock(&mutex);
    return &made->transfer;
}

EXPORT void libusb_free_transfer(struct Transfer *transfer)
{
    if (transfer == NULL)
        return;
    struct Submitted *gone = of(transfer), **at = &all;
    pthread_mutex_lock(&mutex);
    while (*at != NULL && *at != gone)
        at = &(*at)->next;
    if (*at != NULL)
        *at = gone->next;
    pthread_mutex_unlock(&mutex);
    free(gone);
}

EXPORT int libusb_submit_transfer(struct Transfer *transfer)
{
    pthread_mutex_lock(&mutex);
    of(transfer)->is_pending = 1;
    of(transfer)->is_cancelled = 0;
    pthread_mutex_unlock(&mutex);
    return 0;
}

EXPORT int libusb_cancel_transfer(struct Transfer *transfer)
{
    pthread_mutex_lock(&mutex);
    of(transfer)->is_cancelled = of(transfer)->is_pending;
    pthread_mutex_unlock(&mutex);
    return 0;
}

/* Transfers that were cancelled end; the others never do. */
static int complete_one(void)
{
    pthread_mutex_lock(&mutex);
    struct Submitted *found = all;
    while (found != NULL && !found->is_cancelled)
        found = found->next;
    if (found != NULL)
        found->is_cancelled = found->is_pending = 0;
    pthread_mutex_unlock(&mutex);
    if (found == NULL)
        return 0;
    found->transfer.status = CANCELLED;
    found->transfer.actual_length = 0;
    found->transfer.callback(&found->transfer);
    return 1;
}

EXPORT int libusb_handle_events_timeout_completed(Context *unused, struct timeval *timeout, int *completed)
{
    (void)unused;
    int any = 0;
    while (complete_one())
        any = 1;
    if (!any && (completed == NULL || !*completed))
        wait_ms(timeout->tv_sec > 0 ? 10 : (unsigned)(timeout->tv_usec / 1000 < 10 ? timeout->tv_usec / 1000 : 10));
    return 0;
}

EXPORT int libusb_handle_events(Context *unused)
{
    struct timeval moment = {0, 10000};
    return libusb_handle_events_timeout_completed(unused, &moment, NULL);
}

EXPORT void libusb_close(Device *handle)
{
    (void)handle;
}

EXPORT int libusb_claim_interface(Device *handle, int number)
{
    (void)handle, (void)number;
    return 0;
}

EXPORT int libusb_release_interface(Device *handle, int number)
{
    (void)handle, (void)number;
    return 0;
}

EXPORT int libusb_kernel_driver_active(Device *handle, int number)
{
    (void)handle, (void)number;
    return 0;
}

EXPORT int libusb_attach_kernel_driver(Device *handle, int number)
{
    (void)handle, (void)number;
    return 0;
}

EXPORT int libusb_detach_kernel_driver(Device *handle, int number)
{
    (void)handle, (void)number;
    return 0;
}

EXPORT int libusb_clear_halt(Device *handle, unsigned char endpoint)
{
    (void)handle, (void)endpoint;
    return 0;
}
