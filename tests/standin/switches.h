/* What can be set and looked up through StandinSet and StandinGet, and in the environment variable
 * QHYCCD_STANDIN="name=value,name=value", which is read when the library is loaded.
 *
 * Beside the names below there is, for every function of the library:
 *   hang_in.<Function>      the n-th call from now hangs: a readout until it is cancelled, others until "release";
 *   segfault_in.<Function>  the n-th call from now dies of a real SIGSEGV;
 *   fail.<Function>         the next n calls return an error and do nothing;
 *   delay_ms.<Function>     every call takes so much longer, and holds nothing meanwhile;
 *   calls.<Function>        (read) how often it was called;
 *   order.<Function>        (read) the place of its last call among all calls, from 1; 0 if it never was called;
 *   writes.<control id>     (read) how often SetQHYCCDParam was called for that control.
 *
 * "next n" and "n-th" count down; the number that is left can be read. */
#ifndef STANDIN_SWITCHES_H
#define STANDIN_SWITCHES_H

#include <stdbool.h>

#ifdef OLD_SDK
#define IF_OLD(old, recent) old
#else
#define IF_OLD(old, recent) recent
#endif

/* S(name, default) */
#define SWITCHES(S)                                                                                                   \
    /* What is connected, and to which library. */                                                                    \
    S(cameras, 1)          /* 0, 1 or 2 */                                                                            \
    S(bootloader, 0)       /* 1: c600 on the bus, without firmware: the scan counts 0 */                              \
    S(open_null, 0)        /* 1: OpenQHYCCD gives NULL, as for a camera that somebody else holds */                   \
    S(usb2, 0)             /* 1: plugged into USB 2 */                                                                \
    S(colour, 0)           /* Bayer pattern 1 to 4 of a QHY600C; 0: monochrome */                                     \
    S(width, 9600)         /* chip, with 24 columns that are no image, at the left */                                 \
    S(height, 6422)        /* chip, with 34 rows that are no image, at the bottom */                                  \
    S(old_modes, 0)        /* 1: only the first four readout modes, as older libraries list */                        \
    S(sdk_year, IF_OLD(20, 26)) /* and what follows it: the version that it states */                                 \
    S(sdk_month, IF_OLD(8, 6))                                                                                        \
    S(sdk_day, IF_OLD(26, 4))                                                                                         \
    S(sdk_subday, IF_OLD(0, 16))                                                                                      \
    /* Times, all on the host's clock. */                                                                             \
    S(resource_ms, 0)      /* of InitQHYCCDResource; 1000 with the vendor's */                                        \
    S(init_ms, 0)          /* of InitQHYCCD; about 4500 with a camera */                                              \
    S(readout_ms, 0)       /* from the end of an exposure to its frame, and least time between frames of a stream */  \
    S(exposure_paced, 0)   /* 1: exposures take their time; 0: frames are ready readout_ms after the order */         \
    S(live_empty_calls, 2) /* vain calls before each frame of a stream: "nothing", and the last one half a frame */   \
    S(empty_call_ms, 0)    /* of a vain call; 40 with the vendor's */                                                 \
    /* The link. */                                                                                                   \
    S(lost, 0)             /* 1: gone, and it is noticed: readings 4294967295.0, calls fail, until reopened */        \
    S(unplugged, 0)        /* 1: gone, and nobody notices: readings stay, writes succeed, frames are zeros */         \
    S(zero_frame, 0)       /* next n frames are zeros, with success */                                                \
    S(shift_frame, 0)      /* next n frames are shifted by five pixels, lines wrap */                                 \
    S(blocky_frame, 0)     /* next n frames have a block of rows twice */                                             \
    S(repeat_frame, 0)     /* next n frames are the one before once more */                                           \
    S(late_frame, 0)       /* next n single frames never come in time: zeros when the time is over */                 \
    S(partial_forever, 0)  /* 1: streams give the same part of a frame for ever */                                    \
    S(drop_live, 0)        /* next n frames of streams are lost on their way */                                       \
    /* Registers. */                                                                                                  \
    S(read_directly, 0)    /* next n exposures start with 0x2001 instead of 0 */                                      \
    S(bin_delay, 0)        /* next n binnings are answered with 0x2000 instead of 0 */                                \
    S(write_ignored, 0)    /* next n writes of numbers: success, the old value stays and reads back */                \
    S(read_back_late, 0)   /* next n writes of numbers: taken, the old value reads back once more */                  \
    S(refused_control, -1) /* id of a control whose writes are refused */                                             \
    S(lazy_writes, 0)      /* 1: a gain or offset that is reported already is not sent to the sensor */               \
    S(default_first, 0)    /* 1: the first frame after InitQHYCCD has default gain and offset whatever was written */ \
    S(wipe_area, 0)        /* 1: selecting a readout mode makes the area the whole chip */                            \
    S(debayer_refused, 1)  /* 1: SetQHYCCDDebayerOnOff answers 0xFFFF, as the vendor's for a monochrome camera */     \
    S(area_changes, 0)     /* 1: a whole chip that is set becomes the image area, as in libraries of 2025 */          \
    S(hang_without_exposure, IF_OLD(1, 0)) /* 1: a readout with nothing exposed waits for ever, as until 2021 */      \
    S(memory_frames, 17)   /* frames that the camera's memory holds, 64 at most */                                    \
    /* Light, supply, cooling, air. */                                                                                \
    S(light, 0)            /* counts that light adds in every image pixel, whatever the exposure */                   \
    S(uvlo, 1)             /* code of the supply; setting 2, 3 or 9 turns the cooler off */                           \
    S(ambient, 20)         /* degC */                                                                                 \
    S(thermal_speed, 1)    /* seconds of the cooling model in one second */                                           \
    S(needs_resend, 0)     /* 1: old firmware, regulates for 2 s after each set point only */                         \
    S(no_humidity, 0)      /* 1: humidity and pressure are "available" and cannot be read */                          \
    S(humidity, 3.5)       /* percent */                                                                              \
    S(pressure, 1013.0)    /* mbar */                                                                                 \
    S(gps_locked, 0)       /* 1: a GPS receiver that knows the time */                                                \
    /* Filter wheel. */                                                                                               \
    S(wheel_slots, 0)      /* 0: none */                                                                              \
    S(wheel_homing_ms, 0)  /* until it is there, from its power-up, which is when this is set; about 16000 */         \
    S(wheel_move_ms, 0)    /* from slot to slot */                                                                    \
    S(wheel_stuck, 0)      /* 1: it never arrives */                                                                  \
    /* Those that act when set. */                                                                                    \
    S(release, 0)          /* everything that hangs goes on, and fails */

/* R(name): results, only to be read */
#define RESULTS(R)                                                                                                    \
    R(frames)            /* frames handed over, zeros included */                                                     \
    R(exposures)         /* exposures begun, those of streams included */                                             \
    R(frame_number)      /* of the last frame: which exposure it is, from 1; 0 for zeros */                           \
    R(frame_gain)        /* of the last frame: what the sensor had, whatever was reported */                          \
    R(frame_offset)                                                                                                   \
    R(frame_exposure_us)                                                                                              \
    R(frame_bytes)       /* written for the last frame */                                                             \
    R(frames_in_memory)  /* of camera 0: waiting in its memory; those of cancelled exposures too */                   \
    R(true_gain)         /* of camera 0: in the sensor now */                                                         \
    R(true_offset)                                                                                                    \
    R(overlaps)          /* calls on one handle while another was under way, but for those that are harmless */       \
    R(ini_looks)         /* how often qhyccd.ini was looked for in the working directory */                           \
    R(ini_found)                                                                                                      \
    R(chatter)           /* lines written to stdout or stderr */                                                      \
    R(hanging)           /* calls that hang now */

#define SWITCH(name, at_first) double name;
#define RESULT(name) double name;
struct Switches {
    SWITCHES(SWITCH)
};
struct Results {
    RESULTS(RESULT)
};
#undef SWITCH
#undef RESULT

extern struct Switches switches;
extern struct Results results;

/* Whether something that happens "next n" times happens now; counts down. */
bool strikes(double *count);

#endif
