#include "face/detector.hpp"

#include <algorithm>

namespace findme::face {
namespace {

/// Position breaks ties, so that the order never depends on how the boxes came in.
void sort_best_first(std::vector<Detection>& boxes) {
    std::sort(boxes.begin(), boxes.end(), [](const Detection& a, const Detection& b) {
        if (a.score != b.score) return a.score > b.score;
        return a.box.y != b.box.y ? a.box.y < b.box.y : a.box.x < b.box.x;
    });
}

}  // namespace

std::vector<std::vector<float>> look_at(const Network& network, const Image& picture, std::size_t outputs,
                                        const NormaliseRow& normalise, Workspace& workspace) {
    const Shape padded = network.input_shape();
    std::vector<float> row(static_cast<std::size_t>(padded.width) * 3);
    for (int y = 0; y < padded.height; ++y) {
        if (y < picture.height_px) {
            normalise({picture.row(y), static_cast<std::size_t>(picture.width_px) * 3}, row.data());
        } else if (y == picture.height_px) {
            std::fill(row.begin(), row.end(), 0.0F);
        }
        network.write_input(static_cast<std::size_t>(y) * row.size(), row, workspace);
    }
    std::vector<std::vector<float>> said(outputs);
    std::vector<std::span<float>> places;
    for (std::size_t i = 0; i < outputs; ++i) {
        said[i].resize(network.output_shape(i).size());
        places.emplace_back(said[i]);
    }
    network.run(places, workspace);
    return said;
}

float overlap(const Box& a, const Box& b) {
    const float width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const float height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    if (width <= 0 || height <= 0) return 0;
    const float shared = width * height;
    return shared / (a.width * a.height + b.width * b.height - shared);
}

std::vector<Detection> merge_votes(std::vector<Detection> votes, float most) {
    sort_best_first(votes);
    // Scores saturate near 1, so that the best score is not the best box: the boxes of one face vote.
    constexpr float kSameFace = 0.5F;
    struct Group {
        Detection best;
        double weight = 0;
        double x = 0;
        double y = 0;
        double width = 0;
        double height = 0;
    };
    std::vector<Group> groups;
    for (const auto& candidate : votes) {
        auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& other) {
            return overlap(other.best.box, candidate.box) > most;
        });
        if (group == groups.end()) {
            group = groups.insert(groups.end(), Group{candidate});
        } else if (overlap(group->best.box, candidate.box) < kSameFace) {
            continue;
        }
        const double weight = candidate.score;
        group->weight += weight;
        group->x += weight * candidate.box.x;
        group->y += weight * candidate.box.y;
        group->width += weight * candidate.box.width;
        group->height += weight * candidate.box.height;
    }
    std::vector<Detection> kept;
    for (const auto& group : groups) {
        const auto mean = [&](double sum) { return static_cast<float>(sum / group.weight); };
        kept.push_back({{mean(group.x), mean(group.y), mean(group.width), mean(group.height)},
                        static_cast<float>(group.weight / (group.weight + 1))});
    }
    std::stable_sort(kept.begin(), kept.end(),
                     [](const Detection& a, const Detection& b) { return a.score > b.score; });
    return kept;
}

std::vector<Detection> keep_best(std::vector<Detection> boxes, float most) {
    sort_best_first(boxes);
    std::vector<Detection> kept;
    for (const Detection& candidate : boxes) {
        const bool is_known = std::any_of(kept.begin(), kept.end(), [&](const Detection& better) {
            return overlap(better.box, candidate.box) > most;
        });
        if (!is_known) kept.push_back(candidate);
    }
    return kept;
}

}  // namespace findme::face
