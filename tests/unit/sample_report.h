/* A report with something of everything, as a judge would put it together. */
#ifndef SAMPLE_REPORT_H
#define SAMPLE_REPORT_H

#include "eval/report.h"

#include <math.h>

#define HOSTILE "<script>alert('x')</script> & \"co\""

/* `odd`: the name of a row. RK_ENOMEM where an allocation failed. */
static int sample_report(rk_report **out, const char *odd, rk_error *err)
{
    const rk_report head = {.protocol = "ml-1m-loo",
                            .summary = "the next item of 6,040 users",
                            .headline = "ndcg@10",
                            .command = "reckon eval ml-1m-loo --seed 1",
                            .seed = 1,
                            .n_items = 3416,
                            .n_users = 6040};
    const char *names[] = {"ease", "auto", "popular", "embeddings", odd};
    const double values[] = {0.1712, 0.1834, 0.0412, 0.0931, 0.1829};
    const double p50[] = {120, 900, 3, 240, 21000};
    rk_report_box *box = NULL;
    int rc = rk_report_box_new(&box, &head, err);

    *out = NULL;
    if (rc)
        return rc;
    for (size_t i = 0; i < 5; i++) {
        double v = values[i];
        const rk_figure figures[] = {
            {"ndcg@10", v, v - 0.004, v + 0.0041},
            {"recall@10", v * 1.7, v * 1.7 - 0.006, v * 1.7 + 0.006},
            {"coverage", 0.3 + v, NAN, NAN},
            {"auc", NAN, NAN, NAN},
        };
        const rk_part parts[] = {
            {"history",
             "5 to 19 events",
             1044,
             {"ndcg@10", v * 0.8, v * 0.8 - 0.012, v * 0.8 + 0.012}},
            {"history",
             "200 events or more",
             902,
             {"ndcg@10", v * 1.1, v * 1.1 - 0.012, v * 1.1 + 0.012}},
            {"popularity",
             "the rare half",
             411,
             {"ndcg@10", v * 0.3, v * 0.3 - 0.01, v * 0.3 + 0.01}},
        };
        const rk_contender row = {names[i],
                                  i == 4 ? "reads 20 titles" : "",
                                  6040,
                                  figures,
                                  4,
                                  parts,
                                  3,
                                  i == 2 ? NAN : 3.25 * (double)i,
                                  p50[i],
                                  p50[i] * 1.9,
                                  {i * 700, i * 1300, i * 50, 17, 0}};

        rk_report_add_row(box, &row);
    }
    rk_report_add_left_out(box, "slit", "needs 5.2 GiB, may take 4.0 GiB");
    rk_report_add_contrast(
        box, &(rk_contrast){"ease", "auto", {"ndcg@10", 0.0122, .008, .0162}});
    rk_report_add_contrast(
        box, &(rk_contrast){odd, "auto", {"ndcg@10", 0.0005, -.0021, .0032}});
    rk_report_add_published(
        box, &(rk_published_figure){"SASRec", "ndcg@10", 0.1787});
    rk_report_add_published(
        box, &(rk_published_figure){"BERT4Rec", "ndcg@10", 0.1516});
    rk_report_add_published(
        box, &(rk_published_figure){"SASRec", "recall@10", 0.3074});
    rk_report_add_note(box, "%d users had no truth", 0);
    return rk_report_finish(box, 182300000, out, err);
}

#endif
