#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/part.hpp"
#include "face/network.hpp"

namespace findme::face {

/// What needs oneDNN: a part that the first network loads. See compile(), pack(), packing_name() and
/// instruction_set() for what the functions do.
struct NetworkEngine : base::PartHeader {
    std::unique_ptr<Network> (*compile)(const Graph& graph, int batch, int height_px, int width_px,
                                        Precision precision);
    Graph (*pack)(const Graph& graph, int batch, int height_px, int width_px, Precision precision);
    std::string (*packing_name)(Precision precision);
    std::string_view (*instruction_set)();
};

/// @errors throws as base::load_part().
[[nodiscard]] const NetworkEngine& network_engine();

}  // namespace findme::face
