#include "search/probe.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace findme::search {

double distance(std::span<const float, kTemplateSize> a, std::span<const float, kTemplateSize> b) {
    float sum = 0;
    for (std::size_t i = 0; i < kTemplateSize; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return std::sqrt(static_cast<double>(sum));
}

Probe::Probe(std::vector<Template> references) : references_(std::move(references)) {
    for (const auto& reference : references_) {
        for (std::size_t i = 0; i < kTemplateSize; ++i)
            mean_[i] += reference[i] / static_cast<float>(references_.size());
    }
}

double Probe::distance_to(std::span<const float, kTemplateSize> face) const {
    double nearest = std::numeric_limits<double>::max();
    for (const auto& reference : references_) nearest = std::min(nearest, distance(reference, face));
    return (nearest + distance(mean_, face)) / 2;
}

}  // namespace findme::search
