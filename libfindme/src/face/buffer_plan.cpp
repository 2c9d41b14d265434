#include "face/buffer_plan.hpp"

#include <algorithm>

namespace findme::face {

BufferPlan plan_buffers(const std::vector<BufferLife>& lives) {
    BufferPlan plan;
    for (std::size_t i = 0; i < lives.size(); ++i) {
        const std::size_t bytes = whole_lines(lives[i].bytes);
        std::size_t offset = 0;
        // First fit: past every living tensor that is in the way, until none is.
        for (bool moved = true; moved;) {
            moved = false;
            for (std::size_t j = 0; j < i; ++j) {
                const std::size_t begin = plan.offset_bytes[j];
                const std::size_t end = begin + whole_lines(lives[j].bytes);
                if (lives[j].dies >= lives[i].born && offset < end && begin < offset + bytes) {
                    offset = end;
                    moved = true;
                }
            }
        }
        plan.offset_bytes.push_back(offset);
        plan.total_bytes = std::max(plan.total_bytes, offset + bytes);
    }
    return plan;
}

}  // namespace findme::face
