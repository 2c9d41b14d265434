#include "face/detector_kind.hpp"

#include "base/text.hpp"
#include "face/onnx_reader.hpp"
#include "face/rfb_detector.hpp"
#include "face/yunet_detector.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

constexpr std::string_view kRfb = "rfb";
constexpr std::string_view kYuNet = "yunet";

}  // namespace

std::string recognise_detector(std::span<const std::uint8_t> onnx) {
    const Graph graph = read_onnx(onnx);
    if (has_rfb_heads(graph)) return std::string(kRfb);
    if (has_yunet_heads(graph)) return std::string(kYuNet);
    throw Error(ErrorCode::model_shape_mismatch,
                "its network has the outputs of neither RFB-320 nor YuNet in the layout of 2023");
}

std::unique_ptr<Detector> make_detector(std::string_view kind, std::span<const std::uint8_t> onnx,
                                        Precision precision) {
    if (kind == kRfb) return make_rfb_detector(onnx, precision);
    if (kind == kYuNet) return make_yunet_detector(onnx, precision);
    throw Error(ErrorCode::model_shape_mismatch, "findme runs no detector of the kind " + base::quoted(kind));
}

}  // namespace findme::face
