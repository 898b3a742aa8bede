extern "C" {
#include "core/error.h"
#include "core/mem.h"
#include "vector/kernels.h"
}

#include "vector/graph.h"

#include <cmath>
#include <cstring>
#include <hnswlib/hnswlib.h>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

namespace
{

constexpr size_t neighbours = 16;
constexpr size_t build_width = 200;
constexpr size_t seed = 42;


/* A point is its scale and its codes, d bytes. */
class bytes_space : public hnswlib::SpaceInterface<float>
{
  public:
    explicit bytes_space(size_t d) : d_(d), dot_(rk_kernels_at(0)->dot_i8)
    {
    }

    size_t get_data_size() override
    {
        return sizeof(float) + d_;
    }

    hnswlib::DISTFUNC<float> get_dist_func() override
    {
        return distance;
    }

    void *get_dist_func_param() override
    {
        return this;
    }

  private:
    static float distance(const void *a, const void *b, const void *param)
    {
        const auto *space = static_cast<const bytes_space *>(param);
        const auto *x = static_cast<const int8_t *>(a);
        const auto *y = static_cast<const int8_t *>(b);
        float scale_x;
        float scale_y;

        std::memcpy(&scale_x, x, sizeof(scale_x));
        std::memcpy(&scale_y, y, sizeof(scale_y));
        return -scale_x * scale_y *
               static_cast<float>(space->dot_(x + sizeof(float),
                                              y + sizeof(float), space->d_));
    }

    size_t d_;
    int32_t (*dot_)(const int8_t *, const int8_t *, size_t);
};


void point_write(std::vector<char> &point, float scale, const int8_t *codes)
{
    std::memcpy(point.data(), &scale, sizeof(scale));
    std::memcpy(point.data() + sizeof(scale), codes,
                point.size() - sizeof(scale));
}


/* No exception may reach C: the one being handled, as a code. */
int failed(rk_error *err)
{
    try {
        throw;
    } catch (const std::bad_alloc &) {
        return rk_no_memory(err);
    } catch (const std::length_error &) {
        return rk_no_memory(err); /* more than there are addresses for */
    } catch (const std::exception &e) {
        return rk_fail(err, RK_EBACKEND, "hnswlib: %s", e.what());
    } catch (...) {
        return rk_fail(err, RK_EBACKEND, "hnswlib failed");
    }
}

} // namespace

struct rk_graph {
    rk_graph(size_t n, size_t d)
        : space(d), walk(&space, n, neighbours, build_width, seed)
    {
    }

    bytes_space space;
    hnswlib::HierarchicalNSW<float> walk;
};


int rk_graph_new(rk_graph **out, const int8_t *codes, const float *scales,
                 size_t n, size_t d, rk_error *err)
{
    *out = nullptr;
    try {
        std::unique_ptr<rk_graph> g(new rk_graph(n, d));
        std::vector<char> point(sizeof(float) + d);

        for (size_t i = 0; i < n; i++) {
            point_write(point, scales[i], codes + i * d);
            g->walk.addPoint(point.data(), i);
        }
        *out = g.release();
    } catch (...) {
        return failed(err);
    }
    return RK_OK;
}


void rk_graph_free(rk_graph *g)
{
    delete g;
}


size_t rk_graph_count(const rk_graph *g)
{
    return g->walk.cur_element_count;
}


int rk_graph_search(const rk_graph *g, const int8_t *codes, size_t ef,
                    rk_hit *hits, size_t *n, rk_error *err)
{
    *n = 0;
    try {
        auto &space = const_cast<bytes_space &>(g->space);
        std::vector<char> point(space.get_data_size());

        point_write(point, 1, codes);
        auto found = g->walk.searchKnn(point.data(), ef);
        for (size_t i = *n = found.size(); i-- > 0; found.pop())
            hits[i] = {static_cast<uint32_t>(found.top().second),
                       -found.top().first};
    } catch (...) {
        *n = 0;
        return failed(err);
    }
    return RK_OK;
}
