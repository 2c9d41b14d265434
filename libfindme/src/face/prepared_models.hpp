#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "face/graph.hpp"
#include "face/landmark_model.hpp"

namespace findme::face {

/// The models that take long to read, in a form that is used where it lies. A file of them is a cache:
/// made from the model files on one machine for that machine, and made again when anything it depends on
/// changes.
struct PreparedModels {
    LandmarkModel landmarks;
    std::vector<Graph> recognition;  ///< One for each network of the recogniser, with packed weights.
};

/// @param    key  what the file was made from; another one is another file.
/// @return   nothing unless the file is there, whole, of this key, and could be changed by its owner alone.
/// @threads  safe.
[[nodiscard]] std::optional<PreparedModels> map_prepared(const std::string& path, std::string_view key);

/// Old file or new file, never half.
/// @errors   throws Error{file_unwritable, store_full}.
void write_prepared(const std::string& path, std::string_view key, const PreparedModels& models);

}  // namespace findme::face
