#include "core/clock.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


int64_t rk_clock_us(void)
{
    return now(CLOCK_MONOTONIC);
}


int64_t rk_unix_us(void)
{
    return now(CLOCK_REALTIME);
}


/* Seconds and their fraction, behind a date: ":05", ":05.25", then Z or
 * nothing. */
static bool seconds_parse(const char *s, double *out)
{
    char digits[24];
    size_t len = strcspn(s, "Z");

    if ((s[len] == 'Z' && s[len + 1]) || len >= sizeof(digits))
        return false;
    memcpy(digits, s, len);
    digits[len] = '\0';
    return rk_text_to_double(digits, out) && *out >= 0 && *out < 61;
}


bool rk_time_parse(const char *s, int64_t *at_us)
{
    struct tm tm = {0};
    double seconds = 0;
    int used = 0;
    int n;

    if (rk_text_to_double(s, &seconds)) {
        if (fabs(seconds) > 1e11)
            return false;
        *at_us = (int64_t)llround(seconds * 1e6);
        return true;
    }
    n = sscanf(s, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used);
    if (n != 3 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
        tm.tm_mday > 31)
        return false;
    s += used;
    seconds = 0;
    if (*s) {
        n = sscanf(s, "%*1[T ]%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &used);
        if (n != 2 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_hour < 0 ||
            tm.tm_min < 0)
            return false;
        s += used;
        if (*s == ':' && !seconds_parse(s + 1, &seconds))
            return false;
        if (*s != ':' && strcmp(s, "Z") != 0 && *s)
            return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *at_us = (int64_t)timegm(&tm) * 1000000 + (int64_t)llround(seconds * 1e6);
    return true;
}


void rk_time_write(int64_t at_us, char out[32])
{
    time_t seconds = (time_t)(at_us / 1000000);
    long micros = (long)(at_us % 1000000);
    struct tm tm;
    size_t len;

    if (micros < 0) {
        micros += 1000000;
        seconds--;
    }
    gmtime_r(&seconds, &tm);
    len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, 32 - len, micros ? ".%06ldZ" : "Z", micros);
}
