/* Time, in microseconds. Any thread. */
#ifndef RK_CORE_CLOCK_H
#define RK_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t rk_clock_us(void); /* monotonic, for intervals */
int64_t rk_unix_us(void);  /* since 1970, for events */

/* "2026-11-24T09:30:00Z", "2026-11-24 09:30", "2026-11-24T11:30:00.5+02:00",
 * "2026-11-24", or Unix seconds ("874724710"); false when it is none of them.
 * Fields have all their digits; a time that says no offset is UTC. */
bool rk_time_parse(const char *s, int64_t *at_us);

/* Writes "2026-11-24T09:30:00.000000Z" (27 characters and a NUL; the
 * fraction is left out when it is zero). */
void rk_time_write(int64_t at_us, char out[32]);

#endif
