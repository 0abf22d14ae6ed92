/* The face of QHYCCD's library: its types and numbers, as in qhyccd.h, qhyccdstruct.h and qhyccderr.h of SDK
 * 25.9.29. Names with "Triger" and "ULVO" are spelled as there.
 *
 * Where what a function does is surprising, a comment says who has seen it:
 *   [vendor]    the vendor's library 26.6.4, without a camera behind it; the tests that ask both libraries ask it
 *               again, where it is installed;
 *   [LAST]      the LAST telescope array, dozens of QHY600M;
 *   [camd-qhy]  rockit-astro/camd-qhy, some eight QHY600M in production;
 *   [NINA], [INDI], [EZCAP]  issues and code of those programs; EZCAP is QHYCCD's own;
 *   [assumed]   nobody: it has to do something, and this is our guess. */
#ifndef STANDIN_VENDOR_H
#define STANDIN_VENDOR_H

#include <stdbool.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

typedef void qhyccd_handle;

#define QHYCCD_SUCCESS 0u
#define QHYCCD_ERROR 0xFFFFFFFFu
#define QHYCCD_NO_SUCH_MODE 0xFFFFu /* [vendor] and not QHYCCD_ERROR */
#define QHYCCD_READ_DIRECTLY 0x2001u
#define QHYCCD_DELAY_200MS 0x2000u
#define QHYCCD_NO_VALUE 4294967295.0 /* what functions that return a double give instead of an error */

enum {
    CONTROL_BRIGHTNESS = 0,
    CONTROL_CONTRAST = 1,
    CONTROL_WBR = 2,
    CONTROL_WBB = 3,
    CONTROL_WBG = 4,
    CONTROL_GAMMA = 5,
    CONTROL_GAIN = 6,
    CONTROL_OFFSET = 7,
    CONTROL_EXPOSURE = 8, /* microseconds */
    CONTROL_SPEED = 9,
    CONTROL_TRANSFERBIT = 10,
    CONTROL_USBTRAFFIC = 12,
    CONTROL_CURTEMP = 14,
    CONTROL_CURPWM = 15,
    CONTROL_MANULPWM = 16,
    CONTROL_CFWPORT = 17,
    CONTROL_COOLER = 18, /* degC */
    CAM_COLOR = 20,
    CAM_BIN1X1MODE = 21,
    CAM_BIN2X2MODE = 22,
    CAM_BIN3X3MODE = 23,
    CAM_BIN4X4MODE = 24,
    CAM_TRIGER_INTERFACE = 26,
    CAM_8BITS = 34,
    CAM_16BITS = 35,
    CAM_GPS = 36,
    CAM_IGNOREOVERSCAN_INTERFACE = 37,
    CONTROL_CFWSLOTSNUM = 44,
    CONTROL_DDR = 48,
    CAM_SINGLEFRAMEMODE = 57,
    CAM_LIVEVIDEOMODE = 58,
    CAM_HARDWARE_FRAME_COUNTER = 60,
    CAM_HUMIDITY = 62,
    CAM_PRESSURE = 63,
    CAM_32BITS = 66,
    CAM_SENSOR_ULVO_STATUS = 67,
    CAM_TRIGER_MODE = 70,
    CAM_TRIGER_OUT = 71,
    CAM_BURST_MODE = 72,
    CAM_REMOVE_RBI = 79,
    CAM_FRAME_DETECT = 81,
    CAM_GAIN_DB_CONVERSION = 82,
    CAM_USE_AVERAGE_BINNING = 86,
    CONTROL_DPC = 1027, /* the header's comments count wrongly; the compiler gives this */
    CONTROL_DPC_VALUE = 1028,
};

enum { STREAM_SINGLE = 0, STREAM_LIVE = 1 };

#endif
