#include "face/buffer_plan.hpp"

#include <algorithm>
#include <numeric>

namespace findme::face {

BufferPlan plan_buffers(const std::vector<BufferLife>& lives) {
    // The largest first: small ones fit into what is left between them, the other way round they are in the
    // way.
    std::vector<std::size_t> order(lives.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return lives[a].bytes > lives[b].bytes; });

    BufferPlan plan;
    plan.offset_bytes.resize(lives.size());
    for (auto i = order.begin(); i != order.end(); ++i) {
        const BufferLife& life = lives[*i];
        const std::size_t bytes = whole_lines(life.bytes);
        std::size_t offset = 0;
        // First fit: past every tensor that lives at the same time and is in the way, until none is.
        for (bool moved = true; moved;) {
            moved = false;
            for (auto j = order.begin(); j != i; ++j) {
                const BufferLife& other = lives[*j];
                const std::size_t begin = plan.offset_bytes[*j];
                const std::size_t end = begin + whole_lines(other.bytes);
                if (other.born <= life.dies && life.born <= other.dies && offset < end &&
                    begin < offset + bytes) {
                    offset = end;
                    moved = true;
                }
            }
        }
        plan.offset_bytes[*i] = offset;
        plan.total_bytes = std::max(plan.total_bytes, offset + bytes);
    }
    return plan;
}

}  // namespace findme::face
