/* What is ordered for, and known of, each function of the library. */
#ifndef STANDIN_HOOKS_H
#define STANDIN_HOOKS_H

#include "functions.h"

struct Hooks {
    double hang_in, segfault_in, fail, delay_ms; /* to be set */
    double calls, order;                         /* to be read */
};

extern struct Hooks hooks[HOW_MANY_CALLS];

void forget_calls(void);

#endif
