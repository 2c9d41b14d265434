// Fuzz target: any bytes are read into a valid graph or refused with a model error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "face/onnx_reader.hpp"
#include "findme/error.hpp"

namespace {

void read(std::span<const std::uint8_t> bytes, findme::face::OnnxEnd end) {
    try {
        findme::face::validate(findme::face::read_onnx(bytes, end));
    } catch (const findme::Error& error) {
        const auto code = error.code();
        if (code != findme::ErrorCode::model_corrupt && code != findme::ErrorCode::model_shape_mismatch)
            std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, size);
    read(bytes, findme::face::OnnxEnd::detection_heads);
    read(bytes, findme::face::OnnxEnd::outputs);
    return 0;
}
