#pragma once

#include <span>
#include <vector>

#include "findme/face.hpp"

namespace findme::search {

/// One person, known by several templates of one model.
class Probe {
  public:
    /// @param references  at least one, all of one size.
    explicit Probe(std::vector<Template> references);

    /// How far a face is from the person: the mean of the distance to the nearest reference and of the
    /// distance to the references' mean. The nearest alone lets one odd selfie bring strangers in, the mean
    /// alone loses a pose that only one selfie shows. With one reference both are that reference's distance.
    /// @errors  throws Error{store_corrupt} for a face with another number of numbers.
    /// @threads const, safe to call concurrently.
    [[nodiscard]] double distance_to(std::span<const float> face) const;

  private:
    std::vector<Template> references_;
    Template mean_;
};

/// Euclidean; no number when both are all zeros.
/// @errors throws Error{store_corrupt} when they have different numbers of numbers.
[[nodiscard]] double distance(std::span<const float> a, std::span<const float> b);

}  // namespace findme::search
