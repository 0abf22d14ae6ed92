/* A cooler on the host's clock: two nodes, chip and heat sink, with a Peltier element between, and a regulator.
 *
 *   cold_capacity dTc/dt = -(PUMPING u Tc - RESISTANCE u^2 / 2 - CONDUCTION (Th - Tc)) + HEAT + LEAK (Ta - Tc)
 *   hot_capacity  dTh/dt =   PUMPING u Th + RESISTANCE u^2 / 2 - CONDUCTION (Th - Tc) - (Th - Ta) / SINK
 *
 * with the drive u from 0 to 1 and the constants of the package's table "cooling", which says where they are from. */
#include "camera.h"

#include <math.h>

static const double PUMPING = 0.1017, RESISTANCE = 21.88, CONDUCTION = 0.276, SINK = 0.25, LEAK = 0.06, HEAT = 1.5;
static const double COLD_CAPACITY = 60, HOT_CAPACITY = 450;                /* J/K */
static const double PROPORTIONAL = 0.1 /* per K */, INTEGRAL = 0.002 /* per K and s */;
static const double STEP = 0.25;                                           /* s of the model */
static const double KELVIN = 273.15, NO_TARGET = -100, LIMITED_DRIVE = 0.7, PATIENCE = 2;

bool supply_failed(void)
{
    return switches.uvlo == 2 || switches.uvlo == 3 || switches.uvlo == 9;
}

void start_cooler(struct Camera *camera)
{
    camera->cooler = (struct Cooler){
        .state = COOLER_OFF,
        .target = NO_TARGET,
        .cold = switches.ambient,
        .hot = switches.ambient,
        .updated = now(),
    };
}

static double limited(double drive)
{
    double most = supply_failed() ? LIMITED_DRIVE : 1; /* once the supply has failed, until that is reset */
    return fmin(fmax(drive, 0), most);
}

static double regulated(struct Cooler *cooler)
{
    double excess = cooler->cold - cooler->target;
    cooler->integral = limited(cooler->integral + INTEGRAL * excess * STEP);
    return limited(PROPORTIONAL * excess + cooler->integral);
}

static void step(struct Cooler *cooler)
{
    if (cooler->state == COOLER_AUTOMATIC)
        cooler->duty = regulated(cooler);
    double duty = limited(cooler->duty), cold = cooler->cold + KELVIN, hot = cooler->hot + KELVIN;
    double air = switches.ambient + KELVIN, warming = RESISTANCE * duty * duty / 2, back = CONDUCTION * (hot - cold);
    double into_cold = -PUMPING * duty * cold + warming + back + HEAT + LEAK * (air - cold);
    double into_hot = PUMPING * duty * hot + warming - back - (hot - air) / SINK;
    cooler->cold += STEP * into_cold / COLD_CAPACITY;
    cooler->hot += STEP * into_hot / HOT_CAPACITY;
}

/* Let the model run up to now. */
static struct Cooler *updated(struct Camera *camera)
{
    struct Cooler *cooler = &camera->cooler;
    if (camera->unplugged) /* the last reading stays */
        return cooler;
    while (cooler->updated + STEP / switches.thermal_speed <= now()) {
        cooler->updated += STEP / switches.thermal_speed;
        if (switches.needs_resend && cooler->state == COOLER_AUTOMATIC && cooler->updated > cooler->told + PATIENCE)
            cooler_off(camera);
        step(cooler);
    }
    return cooler;
}

double temperature(struct Camera *camera)
{
    return updated(camera)->cold;
}

double power(struct Camera *camera)
{
    return limited(updated(camera)->duty);
}

void regulate(struct Camera *camera, double target)
{
    struct Cooler *cooler = updated(camera);
    if (cooler->state != COOLER_AUTOMATIC)
        cooler->integral = cooler->duty;
    cooler->state = COOLER_AUTOMATIC;
    cooler->target = target;
    cooler->told = now();
}

/* CONTROL_MANULPWM, 0 to 255: ends the regulation. [vendor] 300 is a success too. */
void drive(struct Camera *camera, double power)
{
    struct Cooler *cooler = updated(camera);
    cooler->state = power > 0 ? COOLER_MANUAL : COOLER_OFF;
    cooler->duty = limited(power / 255);
}

void cooler_off(struct Camera *camera)
{
    camera->cooler.state = COOLER_OFF;
    camera->cooler.duty = 0;
}
