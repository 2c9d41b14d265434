#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/make_image.hpp"

// HEIC and AVIF files whose container is written here, box by box, so that a test can say what is in it; only
// the coded pictures come from libheif's encoders.

namespace findme::testing {

/// What the bitstream holds: ten is 10 bits a sample, grey has no chroma, both without loss as far as YCbCr
/// has none.
enum class HeifCoding { hevc, hevc_ten_bits, hevc_grey, av1 };

/// One coded picture, as an encoder gave it.
struct CodedPicture {
    std::string type;          ///< `hvc1` or `av01`.
    ByteVector configuration;  ///< What `hvcC` or `av1C` holds.
    ByteVector data;           ///< The item's bytes.
    ByteVector colours;        ///< What `colr` holds, nclx; empty where there is none.
};

/// False where this machine's libheif has no encoder for it.
[[nodiscard]] bool can_encode(HeifCoding coding);

/// The picture's sides must be even and at least 64 px, as x265 wants them.
[[nodiscard]] CodedPicture encode_picture(const Image& image, HeifCoding coding = HeifCoding::hevc);

struct HeifBox {
    std::string type;
    ByteVector content;
};

struct HeifPart {
    std::string type;
    ByteVector data;
    std::vector<HeifBox> properties = {};
    bool in_data_box = false;  ///< In `idat`, with a grid's description, rather than in `mdat`.
};

struct HeifLink {
    std::string type;
    unsigned from;
    std::vector<unsigned> to;
};

/// A file in the making. Part i has the id i + 1.
struct HeifFile {
    std::string brand = "heic";
    unsigned primary = 1;
    std::vector<HeifPart> parts;
    std::vector<HeifLink> links;

    /// @return the part's id.
    unsigned add(HeifPart part);
    unsigned add_picture(const CodedPicture& picture, std::vector<HeifBox> properties = {});
    /// The metadata block of part `of`.
    void add_exif(const ByteVector& exif, unsigned of);
    [[nodiscard]] ByteVector bytes() const;
};

[[nodiscard]] HeifBox irot(unsigned quarters_anticlockwise);
[[nodiscard]] HeifBox imir(unsigned axis);
/// A crop of a width x height picture.
[[nodiscard]] HeifBox clap(int width_px, int height_px, int left_px, int top_px, int crop_width_px,
                           int crop_height_px);
/// Marks a part as another one's transparency.
[[nodiscard]] HeifBox alpha_mark();
[[nodiscard]] ByteVector grid_of(unsigned rows, unsigned columns, unsigned width_px, unsigned height_px);

/// The simplest file: one coded picture, with properties.
[[nodiscard]] ByteVector make_heif(const Image& image, HeifCoding coding = HeifCoding::hevc,
                                   std::vector<HeifBox> properties = {}, const ByteVector& exif = {});

/// The picture in tiles of 64 px, the last ones padded.
[[nodiscard]] ByteVector make_tiled_heif(const Image& image, std::vector<HeifBox> properties = {});

}  // namespace findme::testing
