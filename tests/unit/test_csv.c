#include "core/buf.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/csv.h"
#include "data/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Adds what the reader makes of the next row: [cell][cell] or !line:column
 * reason. False at the end. */
static bool row_add(rk_buf *out, rk_csv *csv)
{
    rk_error err;
    int rc = rk_csv_next(csv, &err);

    if (rc == 0)
        return false;
    if (rc < 0) {
        uint64_t line = csv->line;
        uint64_t column = 0;

        assert_int_equal(rc, RK_EFORMAT);
        if (csv->bad)
            rk_csv_where(csv, csv->bad, &line, &column);
        rk_buf_printf(out, "!%d:%d %s\n", (int)line, (int)column, err.msg);
        return true;
    }
    for (size_t i = 0; i < csv->n_cells && i < RK_ROW_COLUMNS; i++)
        rk_buf_printf(out, "[%s]", csv->cells[i].text);
    rk_buf_putc(out, '\n');
    return true;
}


static void read_all(rk_buf *out, const char *bytes, size_t len)
{
    rk_csv csv;

    assert_int_equal(rk_csv_init(&csv, bytes, len, NULL), RK_OK);
    while (row_add(out, &csv))
        ;
    rk_csv_clear(&csv);
}


static void assert_reads(const char *bytes, const char *expected)
{
    rk_buf got;

    rk_buf_init(&got);
    read_all(&got, bytes, strlen(bytes));
    assert_string_equal(rk_buf_str(&got), expected);
    rk_buf_clear(&got);
}


static void test_csv_reads_quotes_commas_and_line_ends(void **state)
{
    (void)state;
    assert_reads("a,b\n1,2\n", "[a][b]\n[1][2]\n");
    assert_reads("\"a,b\",\"say \"\"hi\"\"\"\n", "[a,b][say \"hi\"]\n");
    assert_reads("\"two\nlines\",x\r\ny,z", "[two\nlines][x]\n[y][z]\n");
    assert_reads(",\n\"\",\n", "[][]\n[][]\n");
    assert_reads("a,", "[a][]\n");
    assert_reads("", "");
}


static void test_csv_keeps_spaces_and_lone_carriage_returns(void **state)
{
    (void)state;
    assert_reads(" a , b\t\n", "[ a ][ b\t]\n");
    assert_reads("a\rb,c\r,d\r\r\n", "[a\rb][c\r][d\r]\n");
    assert_reads("\"a\r\n\"\r\n", "[a\r\n]\n");
}


static void test_csv_skips_a_byte_order_mark_and_empty_lines(void **state)
{
    (void)state;
    assert_reads("\xEF\xBB\xBF\n\r\na\n\n\r\nb\n\n", "[a]\n[b]\n");
    assert_reads("\xEF\xBB\xBF", "");
    assert_reads("a\r", "[a]\n");
}


static void test_csv_reports_line_and_column_of_a_bad_row(void **state)
{
    (void)state;
    assert_reads("a,b\nx,y\"z\nc,d\n",
                 "[a][b]\n"
                 "!2:4 expected quotes around a whole value, found one inside "
                 "it\n"
                 "[c][d]\n");
    assert_reads("\"a\"b\n\"c\"\rd\ne\n",
                 "!1:4 expected a comma or a line end after the closing "
                 "quote, found byte 0x62\n"
                 "!2:4 expected a comma or a line end after the closing "
                 "quote, found byte 0x0d\n"
                 "[e]\n");
    assert_reads("a\n\"b\nc\",\"\xFF\"\nd\n",
                 "[a]\n!3:5 byte 0xff is not UTF-8\n[d]\n");
}


static void test_csv_refuses_a_nul_byte(void **state)
{
    rk_buf got;

    (void)state;
    rk_buf_init(&got);
    read_all(&got, "a,\0b\nc\n", 7);
    assert_string_equal(rk_buf_str(&got), "!1:3 byte 0x00 is not text\n[c]\n");
    rk_buf_clear(&got);
}


static void test_csv_loses_one_line_to_an_unclosed_quote(void **state)
{
    (void)state;
    assert_reads("a,\"b\nc,d\ne,f\n",
                 "!1:3 expected a closing quote, found none\n"
                 "[c][d]\n"
                 "[e][f]\n");
    assert_reads("a,\"b\nc,d\ne,\"f\"\n",
                 "!1:3 expected a comma or a line end after this cell's "
                 "closing quote 2 lines on, found byte 0x66\n"
                 "[c][d]\n"
                 "[e][f]\n");
}


/* What is in a text that is too long must not be read as rows. */
static void test_csv_goes_on_behind_a_row_that_is_too_long(void **state)
{
    rk_buf bytes, got;

    (void)state;
    rk_buf_init(&bytes);
    rk_buf_init(&got);
    rk_buf_puts(&bytes, "a\n\"");
    while (bytes.len < RK_ROW_BYTES + 4)
        rk_buf_puts(&bytes, "evil,row\n");
    rk_buf_puts(&bytes, "\",x\nb\n");
    read_all(&got, bytes.data, bytes.len);
    assert_string_equal(rk_buf_str(&got),
                        "[a]\n"
                        "!2:0 expected a row of at most 1048576 bytes, found "
                        "1048585\n"
                        "[b]\n");
    rk_buf_clear(&bytes);
    rk_buf_clear(&got);
}


static void test_csv_takes_a_row_of_the_greatest_length(void **state)
{
    char *bytes = rk_alloc_array(RK_ROW_BYTES, 1);
    rk_csv csv;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'x', RK_ROW_BYTES);
    assert_int_equal(rk_csv_init(&csv, bytes, RK_ROW_BYTES, NULL), RK_OK);
    assert_int_equal(rk_csv_next(&csv, NULL), 1);
    assert_int_equal(strlen(csv.cells[0].text), RK_ROW_BYTES);
    assert_int_equal(rk_csv_next(&csv, NULL), 0);
    rk_csv_clear(&csv);
    free(bytes);
}


static void test_csv_counts_the_columns_it_does_not_keep(void **state)
{
    char bytes[3 * RK_ROW_COLUMNS];
    rk_csv csv;

    (void)state;
    memset(bytes, ',', sizeof(bytes));
    assert_int_equal(rk_csv_init(&csv, bytes, sizeof(bytes), NULL), RK_OK);
    assert_int_equal(rk_csv_next(&csv, NULL), 1);
    assert_int_equal(csv.n_cells, sizeof(bytes) + 1);
    rk_csv_clear(&csv);
}


/* A well-formed row read the slow way, a byte and a state at a time; NULL
 * when it is malformed, else what is behind it. */
static const char *slow_row(rk_buf *out, const char *p)
{
    enum { START, PLAIN, QUOTED, AFTER } at = START;

    rk_buf_putc(out, '[');
    for (;; p++) {
        bool crlf = p[0] == '\r' && (p[1] == '\n' || p[1] == '\0');
        bool end = *p == '\0' || *p == '\n' || crlf;

        if (at == QUOTED && *p == '\0')
            return NULL;
        if (at != QUOTED && end)
            break;
        if (at != QUOTED && *p == ',') {
            rk_buf_puts(out, "][");
            at = START;
        } else if (at == START && *p == '"') {
            at = QUOTED;
        } else if (at == QUOTED && *p == '"') {
            at = AFTER;
        } else if (at == AFTER && *p == '"') {
            rk_buf_putc(out, '"');
            at = QUOTED;
        } else if (at == AFTER || (at != QUOTED && *p == '"')) {
            return NULL;
        } else {
            rk_buf_putc(out, *p);
            at = at == START ? PLAIN : at;
        }
    }
    rk_buf_puts(out, "]\n");
    return p + (*p == '\r') + (p[*p == '\r'] == '\n');
}


static void slow_read(rk_buf *out, const char *p)
{
    rk_buf row;

    rk_buf_init(&row);
    for (;;) {
        const char *next;

        while (*p == '\n' || (*p == '\r' && (p[1] == '\n' || !p[1])))
            p++;
        if (!*p)
            break;
        rk_buf_reset(&row);
        next = slow_row(&row, p);
        rk_buf_puts(out, next ? rk_buf_str(&row) : "!\n");
        p = next ? next : p + strcspn(p, "\n") + (strchr(p, '\n') != NULL);
    }
    rk_buf_clear(&row);
}


static void test_csv_agrees_with_a_slow_reader_on_random_bytes(void **state)
{
    static const char letters[] = "aaa,,\"\"\"\n\n\r";
    rk_rng rng = {7};
    rk_buf slow, fast;

    (void)state;
    rk_buf_init(&slow);
    rk_buf_init(&fast);
    for (size_t i = 0; i < 5000; i++) {
        char bytes[32];
        size_t len = rk_rng_below(&rng, sizeof(bytes));
        rk_csv csv;
        int rc;

        for (size_t j = 0; j < len; j++)
            bytes[j] = letters[rk_rng_below(&rng, sizeof(letters) - 1)];
        bytes[len] = '\0';
        rk_buf_reset(&slow);
        rk_buf_reset(&fast);
        slow_read(&slow, bytes);
        assert_int_equal(rk_csv_init(&csv, bytes, len, NULL), RK_OK);
        while ((rc = rk_csv_next(&csv, NULL)) != 0) {
            for (size_t j = 0; rc > 0 && j < csv.n_cells; j++)
                rk_buf_printf(&fast, "[%s]", csv.cells[j].text);
            rk_buf_puts(&fast, rc > 0 ? "\n" : "!\n");
        }
        rk_csv_clear(&csv);
        assert_string_equal(rk_buf_str(&fast), rk_buf_str(&slow));
    }
    rk_buf_clear(&slow);
    rk_buf_clear(&fast);
}


static void test_csv_init_survives_each_failing_allocation(void **state)
{
    rk_csv csv;
    size_t n = 1;

    (void)state;
    for (;; n++) {
        int rc;

        rk_mem_fail_at(n);
        rc = rk_csv_init(&csv, "a", 1, NULL);
        rk_mem_fail_at(0);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
        assert_null(csv.cells);
    }
    assert_int_equal(n, 3);
    rk_csv_clear(&csv);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_reads_quotes_commas_and_line_ends),
        cmocka_unit_test(test_csv_keeps_spaces_and_lone_carriage_returns),
        cmocka_unit_test(test_csv_skips_a_byte_order_mark_and_empty_lines),
        cmocka_unit_test(test_csv_reports_line_and_column_of_a_bad_row),
        cmocka_unit_test(test_csv_refuses_a_nul_byte),
        cmocka_unit_test(test_csv_loses_one_line_to_an_unclosed_quote),
        cmocka_unit_test(test_csv_goes_on_behind_a_row_that_is_too_long),
        cmocka_unit_test(test_csv_takes_a_row_of_the_greatest_length),
        cmocka_unit_test(test_csv_counts_the_columns_it_does_not_keep),
        cmocka_unit_test(test_csv_agrees_with_a_slow_reader_on_random_bytes),
        cmocka_unit_test(test_csv_init_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
