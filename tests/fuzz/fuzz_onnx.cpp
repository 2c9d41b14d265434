// Fuzz target: any bytes are read into a valid graph or refused with a model error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "face/onnx_reader.hpp"
#include "findme/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto graph = findme::face::read_onnx(std::span<const std::uint8_t>(data, size));
        findme::face::validate(graph);
    } catch (const findme::Error& error) {
        const auto code = error.code();
        if (code != findme::ErrorCode::model_corrupt && code != findme::ErrorCode::model_shape_mismatch)
            std::abort();
    }
    return 0;
}
