#include "face/landmark_model.hpp"

#include "face/dlib_headers.hpp"
// Above the others, which it changes.
#include <dlib/image_processing/shape_predictor.h>

#include <algorithm>
#include <string>
#include <vector>

#include "face/memory_stream.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::model_corrupt, "the landmark model cannot be read: " + why);
}

using Forest = std::vector<dlib::impl::regression_tree>;

/// The parts of a dlib::shape_predictor, which keeps them to itself.
struct Parts {
    dlib::matrix<float, 0, 1> mean_shape;
    std::vector<Forest> forests;
    std::vector<std::vector<unsigned long>> anchors;
    std::vector<std::vector<dlib::vector<float, 2>>> offsets;
};

Parts read_parts(std::span<const std::uint8_t> dlib_model) {
    Parts parts;
    int version = 0;
    try {
        MemoryStream stream(dlib_model);
        dlib::deserialize(version, stream);
        dlib::deserialize(parts.mean_shape, stream);
        dlib::deserialize(parts.forests, stream);
        dlib::deserialize(parts.anchors, stream);
        dlib::deserialize(parts.offsets, stream);
    } catch (const std::exception& error) {
        refuse(error.what());
    }
    if (version != 1) refuse("it has version " + std::to_string(version) + ", not 1");
    return parts;
}

struct Arrays {
    std::vector<float> mean_shape;
    std::vector<LandmarkModel::Split> nodes;
    std::vector<float> leaves;
    std::vector<std::uint32_t> anchors;
    std::vector<float> offsets;
};

void append_tree(Arrays& arrays, const dlib::impl::regression_tree& tree, const LandmarkModel& model) {
    if (tree.splits.size() != model.splits || tree.leaf_values.size() != model.splits + 1)
        refuse("its trees differ in size");
    for (const auto& split : tree.splits) {
        arrays.nodes.push_back(
            {static_cast<std::uint32_t>(split.idx1), static_cast<std::uint32_t>(split.idx2), split.thresh});
    }
    for (const auto& leaf : tree.leaf_values) {
        if (leaf.size() != static_cast<long>(model.points) * 2) refuse("a leaf has another number of points");
        arrays.leaves.insert(arrays.leaves.end(), leaf.begin(), leaf.end());
    }
}

}  // namespace

void validate(const LandmarkModel& model) {
    const std::size_t points = model.points;
    const std::size_t cascades = model.cascades;
    const std::size_t trees = cascades * model.trees;
    const std::size_t pixels = cascades * model.pixels;
    // A full tree has one node less than a power of two.
    const bool full = model.splits > 0 && ((model.splits + 1) & model.splits) == 0;
    const bool sized = full && points > 0 && cascades > 0 && model.mean_shape.size() == points * 2 &&
                       model.nodes.size() == trees * model.splits &&
                       model.leaves.size() == trees * (model.splits + 1) * points * 2 &&
                       model.anchors.size() == pixels && model.offsets.size() == pixels * 2;
    if (!sized) refuse("its arrays do not have the sizes they say");
    const bool nodes_fit = std::all_of(model.nodes.begin(), model.nodes.end(), [&](const auto& node) {
        return node.first < model.pixels && node.second < model.pixels;
    });
    const bool anchors_fit = std::all_of(model.anchors.begin(), model.anchors.end(),
                                         [&](std::uint32_t anchor) { return anchor < model.points; });
    if (!nodes_fit || !anchors_fit) refuse("an index is out of range");
}

LandmarkModel read_landmark_model(std::span<const std::uint8_t> dlib_model) {
    const Parts parts = read_parts(dlib_model);
    const bool sized = !parts.forests.empty() && !parts.forests.front().empty() &&
                       parts.anchors.size() == parts.forests.size() &&
                       parts.offsets.size() == parts.forests.size();
    if (!sized) refuse("it has no trees");
    LandmarkModel model;
    model.points = static_cast<std::uint32_t>(parts.mean_shape.size() / 2);
    model.cascades = static_cast<std::uint32_t>(parts.forests.size());
    model.trees = static_cast<std::uint32_t>(parts.forests.front().size());
    model.splits = static_cast<std::uint32_t>(parts.forests.front().front().splits.size());
    model.pixels = static_cast<std::uint32_t>(parts.offsets.front().size());

    const auto arrays = std::make_shared<Arrays>();
    arrays->mean_shape.assign(parts.mean_shape.begin(), parts.mean_shape.end());
    for (std::size_t cascade = 0; cascade < parts.forests.size(); ++cascade) {
        if (parts.forests[cascade].size() != model.trees || parts.anchors[cascade].size() != model.pixels ||
            parts.offsets[cascade].size() != model.pixels) {
            refuse("its cascades differ in size");
        }
        for (const auto& tree : parts.forests[cascade]) append_tree(*arrays, tree, model);
        for (const unsigned long anchor : parts.anchors[cascade])
            arrays->anchors.push_back(static_cast<std::uint32_t>(anchor));
        for (const auto& offset : parts.offsets[cascade])
            arrays->offsets.insert(arrays->offsets.end(), {offset.x(), offset.y()});
    }
    model.mean_shape = arrays->mean_shape;
    model.nodes = arrays->nodes;
    model.leaves = arrays->leaves;
    model.anchors = arrays->anchors;
    model.offsets = arrays->offsets;
    model.storage = arrays;
    validate(model);
    return model;
}

}  // namespace findme::face
