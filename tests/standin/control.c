/* StandinGet, StandinSet and StandinReset, and the environment variable: how a test holds the stand-in. */
#include "camera.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"

#define SWITCH(name, at_first) .name = at_first,
static const struct Switches at_first = {SWITCHES(SWITCH)};
struct Switches switches = {SWITCHES(SWITCH)};
#undef SWITCH
struct Results results;

enum { LONGEST_SETTING = 128 };

static const struct Name {
    const char *name;
    double *value;
} switch_names[] = {
#define SWITCH(name, at_first) {#name, &switches.name},
    SWITCHES(SWITCH)
#undef SWITCH
}, result_names[] = {
#define RESULT(name) {#name, &results.name},
    RESULTS(RESULT)
#undef RESULT
};

#define NAME_OF(function) #function,
static const char *const function_names[] = {FUNCTIONS(NAME_OF)};
#undef NAME_OF

static const struct {
    const char *prefix;
    size_t place;
    bool can_be_set;
} hook_names[] = {
    {"hang_in.", offsetof(struct Hooks, hang_in), true},   {"segfault_in.", offsetof(struct Hooks, segfault_in), true},
    {"fail.", offsetof(struct Hooks, fail), true},         {"delay_ms.", offsetof(struct Hooks, delay_ms), true},
    {"calls.", offsetof(struct Hooks, calls), false},      {"order.", offsetof(struct Hooks, order), false},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

bool strikes(double *count)
{
    if (*count <= 0)
        return false;
    *count -= 1;
    return true;
}

static double *find(const struct Name *names, size_t length, const char *name)
{
    for (size_t n = 0; n < length; n++)
        if (strcmp(names[n].name, name) == 0)
            return names[n].value;
    return NULL;
}

static double *find_hook(const char *name, bool *can_be_set)
{
    for (size_t n = 0; n < LENGTH(hook_names); n++) {
        size_t length = strlen(hook_names[n].prefix);
        if (strncmp(name, hook_names[n].prefix, length) != 0)
            continue;
        for (size_t call = 0; call < LENGTH(function_names); call++)
            if (strcmp(function_names[call], name + length) == 0) {
                *can_be_set = hook_names[n].can_be_set;
                return (double *)(void *)((char *)&hooks[call] + hook_names[n].place);
            }
    }
    return NULL;
}

/* What happens besides when a switch is set. */
static void act(const char *name)
{
    for (int index = 0; index < MOST_CAMERAS; index++) {
        struct Camera *camera = &cameras[index];
        if (strcmp(name, "width") == 0 || strcmp(name, "height") == 0)
            whole_chip(camera, camera->running_mode);
        if (strncmp(name, "wheel_", 6) == 0)
            power_up_wheel(camera);
        if (strcmp(name, "ambient") == 0)
            start_cooler(camera);
        if (strcmp(name, "uvlo") == 0 && supply_failed())
            cooler_off(camera);
        if (camera->open) {
            camera->lost |= switches.lost != 0;
            camera->unplugged |= switches.unplugged != 0;
        }
    }
}

EXPORT int StandinSet(const char *name, double value)
{
    bool can_be_set = true;
    double *found = find(switch_names, LENGTH(switch_names), name);
    if (found == NULL)
        found = find_hook(name, &can_be_set);
    if (found == NULL || !can_be_set)
        return -1;
    lock();
    *found = found == &switches.release ? *found + 1 : value;
    act(name);
    changed();
    unlock();
    return 0;
}

static void look_at_camera(void)
{
    results.frames_in_memory = cameras[0].in_memory;
    results.true_gain = cameras[0].true_gain;
    results.true_offset = cameras[0].true_offset;
}

/* NaN for a name that does not exist. */
EXPORT double StandinGet(const char *name)
{
    bool can_be_set;
    double *found = find(switch_names, LENGTH(switch_names), name);
    if (found == NULL)
        found = find(result_names, LENGTH(result_names), name);
    if (found == NULL)
        found = find_hook(name, &can_be_set);
    double value = NAN;
    lock();
    look_at_camera();
    if (found != NULL)
        value = *found;
    else if (strncmp(name, "writes.", 7) == 0) {
        char *end;
        long control = strtol(name + 7, &end, 10);
        if (*end == '\0' && end != name + 7 && control >= 0 && control < HIGHEST_CONTROL)
            value = writes[control];
    }
    unlock();
    return value;
}

/* As when the library was loaded, but for the environment variable. Only while no call is under way. */
EXPORT void StandinReset(void)
{
    lock();
    switches = at_first;
    results = (struct Results){0};
    forget_calls();
    memset(writes, 0, HIGHEST_CONTROL * sizeof(writes[0]));
    forget_library();
    for (int index = 0; index < MOST_CAMERAS; index++) {
        cameras[index] = (struct Camera){.index = index};
        power_up(&cameras[index]);
    }
    unlock();
}

static void refuse_environment(const char *what)
{
    fprintf(stderr, "QHYCCD_STANDIN: %s is no setting of the stand-in for libqhyccd\n", what);
    abort();
}

static void apply_environment(void)
{
    const char *next = getenv("QHYCCD_STANDIN");
    while (next != NULL && *next != '\0') {
        char setting[LONGEST_SETTING];
        size_t length = strcspn(next, ",");
        if (length >= sizeof setting)
            refuse_environment(next);
        memcpy(setting, next, length);
        setting[length] = '\0';
        char *value = strchr(setting, '='), *end = NULL;
        if (value == NULL)
            refuse_environment(setting);
        *value++ = '\0';
        double number = strtod(value, &end);
        if (end == value || *end != '\0' || StandinSet(setting, number) != 0)
            refuse_environment(setting);
        next += length + (next[length] == ',');
    }
}

__attribute__((constructor)) static void begin(void)
{
    StandinReset();
    apply_environment();
}
