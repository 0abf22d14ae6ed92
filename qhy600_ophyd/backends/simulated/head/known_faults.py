"""The names of all that can be made to go wrong, and what a host could see of it.

Traps that are there on every QHY600, and that no name switches on: settings that are forgotten or only seem
to hold after an initialisation, the first exposure with default gain and offset, silence after a change of
mode, the area wiped by it, binnings and numbers taken unchecked, frames of zeros after a time-out, frames
left in the memory, the first frame of a stream, partial frames, an exposure changed during a stream, single
frames after a stream, a memory that overflows, a camera whose 12 V went off. The faults below come on top,
each where firmware, cables or luck differ.

======================================================= ==============================================
what users of the camera have met                       name
======================================================= ==============================================
the camera is not found                                 ``connect_fails``
it stops answering; all readings are the same number    ``camera_lost``, ``power_cycle``
it dropped off the bus and the library does not notice  ``unplugged``
initialisation fails; forgets more than it says         ``initialise_fails``, ``initialise_forgets_more``
a number is refused, not taken, or reads back late      ``write_fails``, ``write_ignored``, ``read_back_late``
the area is not the one that was set                    ``areas_change``, ``wrong_size``
no frame, an error                                      ``expose_fails``, ``fetch_fails``, ``frame_lost``
no frame, a success with zeros                          ``zero_frame``, ``frame_timeout``
exposures time out now and then                         ``slow_frame``, ``frame_timeout``, ``link_stalls``
a readout that never returns                            ``readout_hangs``
frames of earlier exposures                             ``stale_frame``, ``memory_command_fails``
a success with a damaged image                          ``shifted_frame``, ``blocky_frame``
streams that stop or skip                               ``live_stream_dies``, ``live_partial_forever``,
                                                        ``live_frames_dropped``, ``live_begin_fails``
streams with zeros or the same frame again              ``live_zero_frame``, ``live_frame_repeated``
the supply sags, or seems to, or is not checked         ``undervoltage``, ``interference``,
                                                        ``supply_check_fails``
======================================================= ==============================================
"""

from __future__ import annotations

_ANY = ("initialise", "write", "read", "expose", "fetch", "begin_live", "fetch_live")

KNOWN_FAULTS: dict[str, tuple[tuple[str, ...], str]] = {
    "connect_fails": (("connect",), "no camera is found"),
    "camera_lost": (
        _ANY,
        "until it is closed and opened, readings are all the same number and every other call fails",
    ),
    "unplugged": (
        _ANY,
        "until it is closed and opened, readings stay, writes succeed and frames are zeros",
    ),
    "power_cycle": (_ANY, "the 12 V go off and on; the camera is gone until it is closed and opened"),
    "undervoltage": (("write", "expose", "begin_live"), "the supply falls below its limit for a moment"),
    "interference": (
        ("write", "expose", "begin_live"),
        "the sensor is disturbed: undervoltage with code 3 at a good supply, and the cooler goes off",
    ),
    "supply_check_fails": (
        ("write", "expose", "begin_live"),
        "from now on the camera cannot check its supply (code 2)",
    ),
    "initialise_fails": (("initialise",), "the initialisation takes its time and fails"),
    "initialise_forgets_more": (
        ("initialise",),
        "the initialisation also resets gain, offset, traffic and area, and says so",
    ),
    "write_fails": (("write",), "the camera refuses a number and keeps the old one"),
    "configure_fails": (("write",), "the camera refuses a number and keeps the old one"),
    "write_ignored": (("write",), "a number is taken with success, and the old one stays and reads back"),
    "read_back_late": (("write",), "a number is taken, and the old one reads back once more"),
    "areas_change": (
        ("set_binning", "set_area"),
        "the area becomes that of the image alone, and reads back so",
    ),
    "memory_command_fails": (("fresh_memory",), "the camera refuses to empty its frame memory"),
    "expose_fails": (("expose",), "the exposure does not start, with an error"),
    "fetch_fails": (("fetch",), "an error at once; the frame stays in the memory"),
    "frame_lost": (
        ("fetch",),
        "the frame is exposed and does not arrive: an error at the end",
    ),
    "frame_timeout": (
        ("fetch",),
        "the frame never comes: zeros, with success, when the time is over",
    ),
    "slow_frame": (("fetch",), "the frame comes ten seconds late"),
    "link_stalls": (("fetch", "fetch_live"), "the link carries nothing for five seconds"),
    "zero_frame": (("fetch",), "zeros instead of counts, with success"),
    "readout_hangs": (("fetch",), "the readout blocks for an hour, or until it is cancelled, and then fails"),
    "stale_frame": (
        ("fetch",),
        "the frame stays in the memory although it was fetched, and comes again unless that is emptied",
    ),
    "shifted_frame": (("fetch", "fetch_live"), "the image is shifted by some pixels, with success"),
    "blocky_frame": (("fetch", "fetch_live"), "a block of rows is there twice, with success"),
    "wrong_size": (("fetch", "fetch_live"), "the frame is smaller than the area that was set, and says so"),
    "live_begin_fails": (("begin_live",), "the stream does not start, with an error"),
    "live_stream_dies": (("fetch_live",), "no frame comes any more in this stream"),
    "live_partial_forever": (("fetch_live",), "the same part of a frame for ever in this stream"),
    "live_zero_frame": (("fetch_live",), "zeros instead of counts, with success"),
    "live_frames_dropped": (("fetch_live",), "three frames are lost before they arrive; the counter goes on"),
    "live_frame_repeated": (("fetch_live",), "the frame before comes once more in the place of the next"),
}
"""Name: the calls during which it can happen, and its meaning.

``fetch_live`` can happen once for each frame of a stream, when it is there to be fetched; ``fresh_memory`` is
the writing of that control; the others happen once for each call of that name.
"""

EVIDENCE: dict[str, str] = {
    "connect_fails": "error",
    "camera_lost": "error",
    "unplugged": "zeros",
    "power_cycle": "error",
    "undervoltage": "code",
    "interference": "code",
    "supply_check_fails": "code",
    "initialise_fails": "error",
    "initialise_forgets_more": "read-back",
    "write_fails": "error",
    "configure_fails": "error",
    "write_ignored": "read-back",
    "read_back_late": "read-back",
    "areas_change": "read-back",
    "memory_command_fails": "error",
    "expose_fails": "error",
    "fetch_fails": "error",
    "frame_lost": "error",
    "frame_timeout": "zeros",
    "slow_frame": "time",
    "link_stalls": "time",
    "zero_frame": "zeros",
    "readout_hangs": "time",
    "stale_frame": "repetition",
    "shifted_frame": "columns that are always 0",
    "blocky_frame": "rows that are there twice",
    "wrong_size": "size",
    "live_begin_fails": "error",
    "live_stream_dies": "time",
    "live_partial_forever": "time",
    "live_zero_frame": "zeros",
    "live_frames_dropped": "time",
    "live_frame_repeated": "repetition",
}
"""Name: what a host could notice it by."""
