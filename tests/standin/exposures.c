/* Exposures, and the camera's memory, where their frames wait for the link in the order they came. */
#include "camera.h"

#include <string.h>

double exposure_seconds(const struct Camera *camera)
{
    return switches.exposure_paced ? 1e-6 * said(camera, CONTROL_EXPOSURE) : 0;
}

/* With `default_first`, [NINA]: the first frame after a mode change has default gain and offset. */
struct Shot new_shot(struct Camera *camera, double ready)
{
    bool defaults = switches.default_first && camera->first_to_come;
    camera->first_to_come = false;
    results.exposures++;
    return (struct Shot){
        .number = (uint64_t)results.exposures,
        .gain = defaults ? 30 : camera->true_gain,
        .offset = defaults ? 30 : camera->true_offset,
        .exposure_us = said(camera, CONTROL_EXPOSURE),
        .begun = now(),
        .ready = ready,
        .ended_utc = utc() + ready - now() - 1e-3 * switches.readout_ms,
    };
}

/* What does not fit is lost; what waits already stays. */
void keep(struct Camera *camera, struct Shot shot)
{
    int most = (int)switches.memory_frames;
    if (camera->in_memory < (most < MOST_FRAMES_IN_MEMORY ? most : MOST_FRAMES_IN_MEMORY))
        camera->memory[camera->in_memory++] = shot;
}

bool take(struct Camera *camera, struct Shot *shot)
{
    if (camera->in_memory == 0)
        return false;
    *shot = camera->memory[0];
    camera->in_memory--;
    memmove(camera->memory, camera->memory + 1, (size_t)camera->in_memory * sizeof camera->memory[0]);
    return true;
}

void empty_memory(struct Camera *camera)
{
    camera->in_memory = 0;
}
