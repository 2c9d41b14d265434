#include "face/network.hpp"

#include "face/network_engine.hpp"

namespace findme::face {

const NetworkEngine& network_engine() {
    static const auto& loaded =
        base::load_part<NetworkEngine>({"networks", "faces cannot be looked for", "oneDNN"});
    return loaded;
}

std::unique_ptr<Network> compile(const Graph& graph, int batch, int height_px, int width_px,
                                 Precision precision) {
    return network_engine().compile(graph, batch, height_px, width_px, precision);
}

Graph pack(const Graph& graph, int batch, int height_px, int width_px, Precision precision) {
    return network_engine().pack(graph, batch, height_px, width_px, precision);
}

std::string packing_name(Precision precision) {
    return network_engine().packing_name(precision);
}

}  // namespace findme::face
