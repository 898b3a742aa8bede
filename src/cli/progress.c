#include "cli/progress.h"

#include "cli/out.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BAR_SECONDS   0.1  /* between two drawings */
#define LINE_SECONDS  1.0  /* between two lines, a tenth apart */
#define BLIND_SECONDS 10.0 /* between two lines where no total is known */

static volatile sig_atomic_t stop_asked;


double progress_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}


static void on_interrupt(int sig)
{
    (void)sig;
    stop_asked = 1;
}


static int columns(void)
{
    struct winsize w;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        return w.ws_col;
    return 80;
}


/* "1:02:03" or "2:03" */
static void write_time(double seconds, char *room, size_t size)
{
    unsigned long s = seconds < 359999 ? (unsigned long)(seconds + 0.5)
                                       : 359999;

    if (s >= 3600)
        snprintf(room, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(room, size, "%lu:%02lu", s / 60, s % 60);
}


/* "1,234/5,678  210/s  ETA 0:21", with only what is known. */
static void write_numbers(const progress *p, uint64_t done, uint64_t total,
                          char *room, size_t size)
{
    double seconds = progress_now() - p->began;
    double rate = seconds > 0.05 && done > p->first
                      ? (double)(done - p->first) / seconds
                      : 0;
    char a[32], b[32], eta[32];
    size_t at = (size_t)snprintf(room, size, "%s%s%s", out_count(done, a),
                                 total ? "/" : "",
                                 total ? out_count(total, b) : "");

    if (rate > 0 && at < size)
        at += (size_t)snprintf(room + at, size - at,
                               rate < 10 ? "  %.1f/s" : "  %.0f/s", rate);
    if (rate > 0 && total > done && at < size) {
        write_time((double)(total - done) / rate, eta, sizeof(eta));
        snprintf(room + at, size - at, "  ETA %s", eta);
    }
}


/* The bar's width is fixed, so that its end does not tremble with the
 * numbers behind it; what a narrow terminal has no room for is cut off. */
static void draw_bar(progress *p, uint64_t done, uint64_t total)
{
    char numbers[128];
    char bar[48];
    char line[256];
    int room = columns() - 70;
    int full;

    room = room > 40 ? 40 : room;
    room = total && room >= 8 ? room : 0;
    full = room ? (int)((double)room * (double)done / (double)total) : 0;
    full = full > room ? room : full;
    memset(bar, '.', sizeof(bar));
    memset(bar, '#', (size_t)full);
    bar[room] = '\0';
    write_numbers(p, done, total, numbers, sizeof(numbers));
    if (total)
        snprintf(line, sizeof(line), "%-12.16s %s%s%s%3.0f%%  %s", p->stage,
                 room ? "[" : "", bar, room ? "] " : "",
                 100.0 * (double)done / (double)total, numbers);
    else
        snprintf(line, sizeof(line), "%-12.16s %s", p->stage, numbers);
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
    fflush(stderr);
    p->bar_open = true;
}


static void write_line(const progress *p, uint64_t done, uint64_t total)
{
    char numbers[128];

    write_numbers(p, done, total, numbers, sizeof(numbers));
    if (total)
        fprintf(stderr, "%s: %.0f%%  %s\n", p->stage,
                100.0 * (double)done / (double)total, numbers);
    else
        fprintf(stderr, "%s: %s\n", p->stage, numbers);
}


/* A stage that is over in a moment is not worth a line. */
static bool is_due(const progress *p, uint64_t done, uint64_t total, double now)
{
    double waited = now - p->drawn;
    bool is_last = total && done >= total;

    if (p->live)
        return is_last ? p->bar_open : waited >= BAR_SECONDS;
    if (total == 0)
        return waited >= BLIND_SECONDS;
    if (is_last && p->tenth > 0)
        return p->tenth < 10;
    return done * 10 / total > p->tenth && waited >= LINE_SECONDS;
}


static void show(progress *p, uint64_t done, uint64_t total)
{
    double now = progress_now();

    if (!is_due(p, done, total, now))
        return;
    if (p->live)
        draw_bar(p, done, total);
    else
        write_line(p, done, total);
    p->tenth = total ? done * 10 / total : 0;
    p->drawn = now;
}


static int report(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
    progress *p = ctx;

    if (p->silent)
        return stop_asked;
    if (strncmp(stage, p->stage, sizeof(p->stage) - 1) != 0) {
        progress_end(p);
        snprintf(p->stage, sizeof(p->stage), "%s", stage);
        p->began = progress_now();
        p->first = done;
        p->drawn = p->began;
        p->tenth = 0;
    }
    show(p, done, total);
    return stop_asked;
}


rk_progress progress_begin(progress *p, const cli *c)
{
    struct sigaction on_int = {.sa_handler = on_interrupt};

    memset(p, 0, sizeof(*p));
    p->silent = c->quiet || c->no_progress || c->json;
    p->live = isatty(STDERR_FILENO);
    sigemptyset(&on_int.sa_mask);
    /* The second one ends the program. */
    on_int.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
    sigaction(SIGINT, &on_int, NULL);
    return (rk_progress){.report = report, .ctx = p};
}


void progress_end(progress *p)
{
    if (p->bar_open)
        fputc('\n', stderr);
    p->bar_open = false;
}
