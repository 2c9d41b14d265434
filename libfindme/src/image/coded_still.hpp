#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "findme/image.hpp"
#include "findme/result.hpp"
#include "image/bytes.hpp"
#include "image/heif_container.hpp"

namespace findme::image {

enum class StillCodec { hevc, av1 };

/// One coded picture of a HEIF file and what its own bitstream says of it: the decoder goes by that, not by
/// what the container claims. Borrows the container's item.
struct CodedStill {
    StillCodec codec = StillCodec::hevc;
    const HeifItem* item = nullptr;
    int width_px = 0;             ///< As it comes out of the decoder.
    int height_px = 0;            ///< As it comes out of the decoder.
    std::int64_t coded_px = 0;    ///< What the decoder decodes: all frames, whole.
    std::int64_t decoder_px = 0;  ///< What it may hold at once: these, and the pictures they may refer to.
};

/// Reads the coded picture's parameter sets, those in the container and those amid its data, and judges them:
/// the size against the limits, and that there is one picture in it, which a decoder's time depends on.
/// @errors  image_malformed, image_too_large; image_unsupported for a codec findme does not decode.
[[nodiscard]] Result<CodedStill> judge_coded_still(const HeifItem& item, const ImageLimits& limits);

/// The coded picture as a HEIF file of its own, which holds nothing else: what the vendor's parser gets to
/// see.
[[nodiscard]] std::vector<std::uint8_t> as_heif_file(const CodedStill& still);

}  // namespace findme::image
