#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "findme/face.hpp"

// What some tests need and a machine may not have. A test without it is a visible skip (ctest looks for
// "SKIPPED:"), and a failure where CI=true or FINDME_REQUIRE_ALL=1 says that everything is meant to be there.
//
//     const auto models = testing::model_folder();
//     if (!models) return;

namespace findme::testing {

/// Makes the test a visible skip, or a failure where everything is required.
void skip_or_fail(const std::string& reason);

/// FINDME_TEST_MODELS, with all files of the manifest in it; else nothing, and the test is a skip.
[[nodiscard]] std::optional<std::string> model_folder();

/// FINDME_TEST_SAMPLES, with sample1.jpg to sample6.jpg in it; else nothing, and the test is a skip.
[[nodiscard]] std::optional<std::string> sample_folder();

/// FINDME_EVAL_DATA / `set`; else nothing, and the test is a skip. Never required: the data may not be
/// shipped.
[[nodiscard]] std::optional<std::string> evaluation_folder(const std::string& set);

/// FINDME_EVAL_MODELS / `file`: a model that no release brings along; else nothing, and the test is a skip.
/// Never required.
[[nodiscard]] std::optional<std::string> evaluation_model(const std::string& file);

/// The SQL that makes a database as a release of FindMe left it: "v87" or "v88".
[[nodiscard]] std::string service_dump(const std::string& release);

/// sample1.jpg ... sample6.jpg below `folder`.
[[nodiscard]] std::vector<std::string> sample_files(const std::string& folder);

/// The middles of all faces on the six photos, found by eye; fractions of width and height.
[[nodiscard]] const std::array<std::vector<Point>, 6>& sample_faces();

/// True when `box` holds the point.
[[nodiscard]] bool holds(const Box& box, const Point& point);

}  // namespace findme::testing
