#include <webp/encode.h>
#include <webp/mux.h>

#include <stdexcept>

#include "support/make_image.hpp"

namespace findme::testing {
namespace {

void require(bool held) {
    if (!held) throw std::logic_error("libwebp cannot make the test picture");
}

ByteVector take(std::uint8_t* encoded, std::size_t size) {
    require(size > 0);
    ByteVector out(encoded, encoded + size);
    WebPFree(encoded);
    return out;
}

ByteVector encode(const Image& image, WebpKind kind) {
    std::uint8_t* encoded = nullptr;
    const int stride_bytes = image.width_px * 3;
    if (kind == WebpKind::lossless_rgba) {
        ByteVector rgba;
        for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
            rgba.insert(rgba.end(), image.pixels.data() + i, image.pixels.data() + i + 3);
            rgba.push_back(128);
        }
        const auto size = WebPEncodeLosslessRGBA(rgba.data(), image.width_px, image.height_px,
                                                 image.width_px * 4, &encoded);
        return take(encoded, size);
    }
    const auto size =
        kind == WebpKind::lossless
            ? WebPEncodeLosslessRGB(image.pixels.data(), image.width_px, image.height_px, stride_bytes,
                                    &encoded)
            : WebPEncodeRGB(image.pixels.data(), image.width_px, image.height_px, stride_bytes, 95, &encoded);
    return take(encoded, size);
}

}  // namespace

ByteVector make_webp(const Image& image, WebpKind kind, const ByteVector& exif) {
    ByteVector still = encode(image, kind);
    if (kind != WebpKind::animated && exif.empty()) return still;
    WebPMux* mux = WebPMuxNew();
    const WebPData data{still.data(), still.size()};
    if (kind == WebpKind::animated) {
        WebPMuxFrameInfo frame{};
        frame.bitstream = data;
        frame.duration = 100;
        frame.id = WEBP_CHUNK_ANMF;
        for (int i = 0; i < 2; ++i) require(WebPMuxPushFrame(mux, &frame, 1) == WEBP_MUX_OK);
        const WebPMuxAnimParams forever{0xffffffffU, 0};
        require(WebPMuxSetAnimationParams(mux, &forever) == WEBP_MUX_OK);
    } else {
        require(WebPMuxSetImage(mux, &data, 1) == WEBP_MUX_OK);
        const WebPData block{exif.data(), exif.size()};
        require(WebPMuxSetChunk(mux, "EXIF", &block, 1) == WEBP_MUX_OK);
    }
    WebPData assembled{};
    require(WebPMuxAssemble(mux, &assembled) == WEBP_MUX_OK);
    ByteVector out(assembled.bytes, assembled.bytes + assembled.size);
    WebPDataClear(&assembled);
    WebPMuxDelete(mux);
    return out;
}

}  // namespace findme::testing
