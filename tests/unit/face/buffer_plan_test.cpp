#include "face/buffer_plan.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "face/tensor_steps.hpp"

using namespace findme::face;

TEST_CASE("network: no two tensors that live at once share memory, and memory is used again", "[face]") {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        std::vector<BufferLife> lives;
        std::size_t sum = 0;
        for (std::size_t i = 0; i < 20; ++i) {
            lives.push_back({1 + random() % 5000, i, i + random() % 6});
            sum += whole_lines(lives.back().bytes);
        }
        const BufferPlan plan = plan_buffers(lives);
        REQUIRE(plan.offset_bytes.size() == lives.size());
        CHECK(plan.total_bytes < sum);
        for (std::size_t i = 0; i < lives.size(); ++i) {
            CHECK(plan.offset_bytes[i] % kBufferAlignment == 0);
            CHECK(plan.offset_bytes[i] + lives[i].bytes <= plan.total_bytes);
            for (std::size_t j = 0; j < i; ++j) {
                const bool both_live = lives[j].dies >= lives[i].born;
                const bool apart = plan.offset_bytes[j] + lives[j].bytes <= plan.offset_bytes[i] ||
                                   plan.offset_bytes[i] + lives[i].bytes <= plan.offset_bytes[j];
                if (both_live && !apart) FAIL_CHECK("tensors " << j << " and " << i << " overlap");
            }
        }
    }
}

TEST_CASE("network: memory is what the tensors of the widest step need", "[face]") {
    // A picture that is halved and deepened: each step reads one tensor and writes the next.
    const std::vector<BufferLife> lives{{600, 0, 1}, {800, 1, 2}, {800, 2, 3}, {1600, 3, 4}, {400, 4, 5}};
    CHECK(plan_buffers(lives).total_bytes == whole_lines(800) + whole_lines(1600));
}

TEST_CASE("network: bfloat16 keeps what it can hold and rounds the rest to the nearest, ties to even",
          "[face]") {
    const auto rounded = [](float value) {
        BFloat16 place;
        store(place, value);
        return to_float(place);
    };
    for (const float value : {0.0F, 1.0F, -2.5F, 0.15625F, 3.0e38F * 0.5F}) {
        BFloat16 place;
        store(place, value);
        CHECK(std::abs(to_float(place) - value) <= std::abs(value) / 256);
    }
    CHECK(rounded(1.0F) == 1.0F);
    CHECK(rounded(-0.5F) == -0.5F);
    CHECK(rounded(1.0F + 1.0F / 256) == 1.0F);               // Half way: to the even neighbour below,
    CHECK(rounded(1.0F + 3.0F / 256) == 1.0F + 4.0F / 256);  // and to the even one above.
    CHECK(rounded(1.0F + 1.1F / 256) == 1.0F + 2.0F / 256);
}
