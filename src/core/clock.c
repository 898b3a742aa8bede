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


/* Exactly `width` digits at *s, which moves behind them. */
static bool digits_take(const char **s, int width, int *out)
{
    *out = 0;
    for (int i = 0; i < width; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        *out = 10 * *out + (**s - '0');
    }
    return true;
}


static bool char_take(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}


static bool date_take(const char **s, struct tm *tm)
{
    bool there = digits_take(s, 4, &tm->tm_year) && char_take(s, '-') &&
                 digits_take(s, 2, &tm->tm_mon) && char_take(s, '-') &&
                 digits_take(s, 2, &tm->tm_mday) && tm->tm_mon >= 1 &&
                 tm->tm_mon <= 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31;

    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return there;
}


/* Seconds and their fraction, "05" or "05.25". */
static bool seconds_take(const char **s, double *out)
{
    char digits[24];
    size_t len = strspn(*s, "0123456789.");

    if (len == 0 || len >= sizeof(digits))
        return false;
    memcpy(digits, *s, len);
    digits[len] = '\0';
    *s += len;
    return rk_text_to_double(digits, out) && *out < 61;
}


/* How far the clock is ahead of UTC: "Z", "+02:00", "-0530" or nothing. */
static bool offset_take(const char **s, int *minutes)
{
    int sign = **s == '-' ? -1 : 1;
    int hour;
    int minute;

    *minutes = 0;
    if (**s == '\0' || char_take(s, 'Z'))
        return true;
    if (!char_take(s, '+') && !char_take(s, '-'))
        return false;
    if (!digits_take(s, 2, &hour))
        return false;
    char_take(s, ':');
    if (!digits_take(s, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = sign * (60 * hour + minute);
    return true;
}


bool rk_time_parse(const char *s, int64_t *at_us)
{
    struct tm tm = {0};
    double seconds = 0;
    int ahead = 0;

    if (rk_text_to_double(s, &seconds)) {
        if (fabs(seconds) > 1e11)
            return false;
        *at_us = (int64_t)llround(seconds * 1e6);
        return true;
    }
    seconds = 0;
    if (!date_take(&s, &tm))
        return false;
    if (*s) {
        if (!char_take(&s, 'T') && !char_take(&s, ' '))
            return false;
        if (!digits_take(&s, 2, &tm.tm_hour) || !char_take(&s, ':') ||
            !digits_take(&s, 2, &tm.tm_min) || tm.tm_hour > 23 ||
            tm.tm_min > 59)
            return false;
        if (char_take(&s, ':') && !seconds_take(&s, &seconds))
            return false;
        if (!offset_take(&s, &ahead) || *s)
            return false;
    }
    *at_us = ((int64_t)timegm(&tm) - (int64_t)60 * ahead) * 1000000 +
             (int64_t)llround(seconds * 1e6);
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
    /* %Y would leave out the zeros of an early year. */
    len = (size_t)snprintf(out, 32, "%04d", tm.tm_year + 1900);
    len += strftime(out + len, 32 - len, "-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, 32 - len, micros ? ".%06ldZ" : "Z", micros);
}
