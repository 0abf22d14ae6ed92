/* The cameras behind the library, and what its parts need of each other. Everything here is guarded by one lock,
 * which `enter` takes and `leave` gives back; whoever waits or draws a picture lets go of it meanwhile. */
#ifndef STANDIN_CAMERA_H
#define STANDIN_CAMERA_H

#include <stddef.h>

#include "functions.h"
#include "switches.h"
#include "vendor.h"

enum { MOST_CAMERAS = 2, MOST_FRAMES_IN_MEMORY = 64, HOW_MANY_CONTROLS = 75 };

struct Area {
    uint32_t x, y, width, height;
};

/* Sensor and image area of a readout mode, unbinned, and the columns at the left that are dark or always 0. */
struct Chip {
    uint32_t width, height;
    struct Area image;
    uint32_t dark_columns;
};

/* One exposure: what the sensor had when it began, and when its frame is ready. */
struct Shot {
    uint64_t number;
    double gain, offset, exposure_us;
    double begun, ready; /* s, as `now` */
    double ended_utc; /* s since 1970, of the first row */
    uint32_t burst_count;
    bool banded;
};

struct Cooler {
    enum { COOLER_OFF, COOLER_MANUAL, COOLER_AUTOMATIC } state;
    double target, duty, integral;
    double cold, hot; /* degC */
    double updated, told; /* s */
};

struct Wheel {
    int position, wanted;
    double arrives; /* s */
};

struct Stream {
    bool running, banded, idle, burst, counting;
    double began;
    uint64_t made;
    int vain_calls;
    uint32_t burst_start, burst_end, burst_count;
};

struct Camera {
    int index;
    bool open, lost, unplugged;

    uint32_t selected_mode, running_mode;
    uint8_t selected_stream, running_stream;
    bool initialised;
    bool areas_wrong; /* since InitQHYCCD, until SetQHYCCDBinMode */
    bool small_chip;  /* the mode that sums on the chip was once initialised */

    double said[HOW_MANY_CONTROLS], late[HOW_MANY_CONTROLS];
    bool is_late[HOW_MANY_CONTROLS];
    double true_gain, true_offset;
    bool first_to_come;
    uint32_t bits, binning;
    struct Area area;

    bool exposing;
    bool spent; /* the frame of the last exposure was fetched */
    struct Shot pending;
    uint32_t timeout_ms;
    uint64_t cancels;
    bool trigger_on;
    unsigned triggers;

    struct Shot memory[MOST_FRAMES_IN_MEMORY];
    int in_memory;
    struct Shot last;
    bool has_last;

    struct Stream stream;
    struct Cooler cooler;
    struct Wheel wheel;

    int ordinary_calls, readings, readouts; /* under way now */
};

extern struct Camera cameras[MOST_CAMERAS];

/* calls.c: the way into every function and out of it. */
void lock(void);
void unlock(void);
bool enter_library(enum Call call);
void leave_library(void);
struct Camera *enter(enum Call call, const qhyccd_handle *handle);
void leave(struct Camera *camera, enum Call call);
bool knows(const qhyccd_handle *handle); /* whether it is of an open camera */
void changed(void);
void wait_until(double time);   /* or until something has changed; holds the lock before and after */
void sleep_for(double seconds); /* holds the lock before and after */
void crash(void);

/* The body of a function of the library that has a handle: `expression` may use `camera`. */
#define ANSWER_OF(type, failure, function, handle, expression)  \
    type answer = failure;                                      \
    struct Camera *camera = enter(CALL_##function, handle);     \
    if (camera != NULL) {                                       \
        answer = (expression);                                  \
        leave(camera, CALL_##function);                         \
    }                                                           \
    return answer
#define ANSWER(function, handle, expression) ANSWER_OF(uint32_t, QHYCCD_ERROR, function, handle, expression)
#define VALUE(function, handle, expression) ANSWER_OF(double, QHYCCD_NO_VALUE, function, handle, expression)
#define LIBRARY_ANSWER(function, failure, expression)           \
    uint32_t answer = failure;                                  \
    if (enter_library(CALL_##function)) {                       \
        answer = (expression);                                  \
        leave_library();                                        \
    }                                                           \
    return answer

/* clock.c */
double now(void);
double utc(void);

/* library.c */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void set_last_error(const char *text);
void forget_library(void);
bool is_connected(int index);
bool average_binning(void);

/* modes.c */
void power_up(struct Camera *camera);
void begin_session(struct Camera *camera);
bool silent(const struct Camera *camera);
enum { HARDWARE_BINNING = 5 };
int how_many_modes(void);
uint32_t tell_mode_name(uint32_t mode, char *name);
struct Chip chip_of(uint32_t mode);
struct Chip running_chip(const struct Camera *camera);

/* controls.c: the table of what can be read and written as a number. */
enum Writing {
    STORED,   /* taken, and reads back */
    ACCEPTED, /* a success, and what reads back stays */
    REFUSED,
    COMPUTED, /* what it does and what it reads as has a function of its own */
};
struct Control {
    int id;
    bool available;
    enum Writing writing;
    double at_first;
    double least, greatest, step; /* a step of 0: no limits are told */
};
extern const struct Control controls[HOW_MANY_CONTROLS];
int place_of(int id); /* in `controls`; -1 for one that there is not */

/* registers.c */
enum { HIGHEST_CONTROL = 1100 };
extern unsigned writes[HIGHEST_CONTROL];
void default_registers(struct Camera *camera);
void initialise_registers(struct Camera *camera);
double said(const struct Camera *camera, int control);

/* areas.c */
void whole_chip(struct Camera *camera, uint32_t mode);
bool area_is_readable(const struct Camera *camera);

/* timing.c */
double line_us(const struct Camera *camera);

/* exposures.c: exposures, and the memory where their frames wait. */
struct Shot new_shot(struct Camera *camera, double ready);
void keep(struct Camera *camera, struct Shot shot);
bool take(struct Camera *camera, struct Shot *shot);
void empty_memory(struct Camera *camera);
double exposure_seconds(const struct Camera *camera);

/* picture.c */
uint64_t frame_bytes(const struct Camera *camera);
void draw(const struct Camera *camera, const struct Shot *shot, bool averages, uint8_t *out);

/* delivery.c */
void state_size(const struct Camera *camera, uint32_t *width, uint32_t *height, uint32_t *bits, uint32_t *channels);
void hand_over(struct Camera *camera, const struct Shot *shot, uint8_t *out);
void hand_over_zeros(struct Camera *camera, uint8_t *out);

/* gps.c */
enum { GPS_HEADER = 44 };
void write_gps_header(const struct Camera *camera, const struct Shot *shot, uint8_t *header);

/* single.c, live.c */
void cancel(struct Camera *camera);
void trigger(struct Camera *camera);
void stop_stream(struct Camera *camera);

/* cooling.c */
void start_cooler(struct Camera *camera);
void regulate(struct Camera *camera, double target);
void drive(struct Camera *camera, double power);
void cooler_off(struct Camera *camera);
bool supply_failed(void);
double temperature(struct Camera *camera);
double power(struct Camera *camera);

/* wheel.c */
void power_up_wheel(struct Camera *camera);
uint32_t turn_wheel(struct Camera *camera, char order);
char wheel_status(struct Camera *camera);

#endif
