/* A server run as a child for a test: it ends with its standard input, or is
 * ended. */
#ifndef RK_TESTS_CHILD_H
#define RK_TESTS_CHILD_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct child {
    pid_t pid;
    int in;  /* its standard input */
    int out; /* its standard output */
} child;


/* Runs argv[0] of the PATH. */
static inline child child_start(const char *const argv[])
{
    int in[2];
    int out[2];
    child c = {-1, -1, -1};

    if (pipe(in) != 0 || pipe(out) != 0)
        return c;
    c.pid = fork();
    if (c.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    c.in = in[1];
    c.out = out[0];
    return c;
}


/* The number that it prints first; 0: it printed none. */
static inline int child_number(const child *c)
{
    char line[16] = "";
    size_t n = 0;

    while (n + 1 < sizeof(line) && read(c->out, line + n, 1) == 1 &&
           line[n] != '\n')
        n++;
    return atoi(line);
}


static inline void child_end(child *c)
{
    close(c->in);
    close(c->out);
    if (c->pid > 0) {
        kill(c->pid, SIGTERM);
        waitpid(c->pid, NULL, 0);
    }
    c->pid = -1;
}

/* The server that does as its paths say, and its port; below 1: it did not
 * start. */
static inline int child_start_fake(child *c)
{
    *c = child_start(
        (const char *const[]){"python3", "tests/servers/fake_server.py", NULL});
    return child_number(c);
}

#endif
