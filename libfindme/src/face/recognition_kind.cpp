#include "face/recognition_kind.hpp"

#include <string>

#include "base/text.hpp"
#include "face/dlib_resnet.hpp"
#include "face/onnx_reader.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

constexpr std::string_view kDlibResnet = "dlib-resnet";
constexpr std::string_view kArcFace = "arcface";

/// @source dlib::input_rgb_image_sized (Boost licence), the values the network was trained with.
ChipInput dlib_input() {
    return {dlib_chip_shape(), {122.782F, 117.001F, 104.298F}, 1.0F / 256.0F, false};
}

/// dlib's five points in the 112 px square that networks of the ArcFace family are trained on. Their own five
/// are the middles of the eyes, the nose and the corners of the mouth: these here are where dlib's landmarks
/// come to lie on average when a face is aligned by those.
ChipInput arcface_input() {
    constexpr ChipShape kShape{112,
                               {Point{78.93F, 52.84F}, Point{65.46F, 53.51F}, Point{31.13F, 54.10F},
                                Point{44.65F, 54.03F}, Point{55.70F, 79.77F}}};
    return {kShape, {127.0F, 127.0F, 127.0F}, 1.0F / 128.0F, false};
}

[[noreturn]] void refuse(std::string_view kind) {
    throw Error(ErrorCode::model_shape_mismatch,
                "findme runs no recognition network of the kind " + base::quoted(std::string(kind)));
}

}  // namespace

ChipInput chip_input_of(std::string_view kind, bool with_mirror) {
    if (kind != kDlibResnet && kind != kArcFace) refuse(kind);
    ChipInput input = kind == kDlibResnet ? dlib_input() : arcface_input();
    input.with_mirror = with_mirror;
    return input;
}

Graph read_recognition(std::string_view kind, std::span<const std::uint8_t> bytes) {
    if (kind == kDlibResnet) return read_dlib_resnet(bytes);
    if (kind == kArcFace) return read_onnx(bytes, OnnxEnd::outputs);
    refuse(kind);
}

}  // namespace findme::face
