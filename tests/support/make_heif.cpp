#include "support/make_heif.hpp"

#include <libheif/heif.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "image/heif_container.hpp"

namespace findme::testing {
namespace {

void require(bool held) {
    if (!held) throw std::logic_error("libheif cannot make the test picture");
}

void require(const heif_error& error) {
    if (error.code != heif_error_Ok)
        throw std::logic_error(std::string("libheif cannot make the test picture: ") + error.message);
}

void put(ByteVector& out, std::uint64_t value, unsigned size_bytes) {
    while (size_bytes-- > 0) out.push_back(static_cast<std::uint8_t>(value >> (8 * size_bytes)));
}

void put(ByteVector& out, const ByteVector& bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void put(ByteVector& out, const std::string& text) {
    out.insert(out.end(), text.begin(), text.end());
}

void put_box(ByteVector& out, const std::string& type, const ByteVector& content) {
    put(out, content.size() + 8, 4);
    put(out, type);
    put(out, content);
}

struct Deleter {
    void operator()(heif_context* context) const { heif_context_free(context); }
    void operator()(heif_encoder* encoder) const { heif_encoder_release(encoder); }
    void operator()(heif_image* image) const { heif_image_release(image); }
    void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
    void operator()(heif_color_profile_nclx* profile) const { heif_nclx_color_profile_free(profile); }
    void operator()(heif_encoding_options* options) const { heif_encoding_options_free(options); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

Owned<heif_image> source_of(const Image& image, HeifCoding coding) {
    heif_image* raw = nullptr;
    const bool grey = coding == HeifCoding::hevc_grey;
    const bool ten = coding == HeifCoding::hevc_ten_bits;
    require(heif_image_create(image.width_px, image.height_px,
                              grey ? heif_colorspace_monochrome : heif_colorspace_RGB,
                              grey  ? heif_chroma_monochrome
                              : ten ? heif_chroma_interleaved_RRGGBB_LE
                                    : heif_chroma_interleaved_RGB,
                              &raw));
    Owned<heif_image> out(raw);
    const heif_channel channel = grey ? heif_channel_Y : heif_channel_interleaved;
    require(heif_image_add_plane(raw, channel, image.width_px, image.height_px, ten ? 10 : 8));
    int stride_bytes = 0;
    std::uint8_t* plane = heif_image_get_plane(raw, channel, &stride_bytes);
    for (int y = 0; y < image.height_px; ++y) {
        std::uint8_t* to = plane + std::ptrdiff_t{stride_bytes} * y;
        const std::uint8_t* from = image.row(y);
        for (int i = 0; i < image.width_px * 3; ++i) {
            if (ten) {
                const int value = (from[i] * 1023 + 127) / 255;
                to[i * 2] = static_cast<std::uint8_t>(value);
                to[i * 2 + 1] = static_cast<std::uint8_t>(value >> 8);
            } else if (!grey) {
                to[i] = from[i];
            } else if (i % 3 == 0) {
                to[i / 3] = from[i];
            }
        }
    }
    return out;
}

}  // namespace

bool can_encode(HeifCoding coding) {
    return heif_have_encoder_for_format(coding == HeifCoding::av1 ? heif_compression_AV1
                                                                  : heif_compression_HEVC) != 0;
}

CodedPicture encode_picture(const Image& image, HeifCoding coding) {
    const bool av1 = coding == HeifCoding::av1;
    const Owned<heif_context> context(heif_context_alloc());
    heif_encoder* raw_encoder = nullptr;
    require(heif_context_get_encoder_for_format(
        context.get(), av1 ? heif_compression_AV1 : heif_compression_HEVC, &raw_encoder));
    const Owned<heif_encoder> encoder(raw_encoder);
    require(heif_encoder_set_lossy_quality(raw_encoder, 98));
    if (coding != HeifCoding::hevc_grey) require(heif_encoder_set_parameter(raw_encoder, "chroma", "444"));
    if (av1) require(heif_encoder_set_parameter(raw_encoder, "speed", "9"));
    if (!av1) require(heif_encoder_set_parameter(raw_encoder, "preset", "ultrafast"));

    const Owned<heif_color_profile_nclx> colours(heif_nclx_color_profile_alloc());
    colours->full_range_flag = 1;
    const Owned<heif_encoding_options> options(heif_encoding_options_alloc());
    options->output_nclx_profile = colours.get();
    options->macOS_compatibility_workaround_no_nclx_profile = 0;
    const auto source = source_of(image, coding);
    heif_image_handle* raw_handle = nullptr;
    require(heif_context_encode_image(context.get(), source.get(), raw_encoder, options.get(), &raw_handle));
    const Owned<heif_image_handle> handle(raw_handle);

    ByteVector file;
    heif_writer writer{};
    writer.writer_api_version = 1;
    writer.write = [](heif_context*, const void* data, std::size_t size, void* to) {
        const auto* bytes = static_cast<const std::uint8_t*>(data);
        static_cast<ByteVector*>(to)->assign(bytes, bytes + size);
        return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
    };
    require(heif_context_write(context.get(), &writer, &file));

    const auto container = image::read_heif_container(file).value();
    const auto* item = container.find(container.primary);
    require(item != nullptr);
    const auto copy = [item](const char* type) {
        const auto content = item->property(image::four_cc(type));
        return ByteVector(content.begin(), content.end());
    };
    return {av1 ? "av01" : "hvc1", copy(av1 ? "av1C" : "hvcC"), item->bytes(), copy("colr")};
}

unsigned HeifFile::add(HeifPart part) {
    parts.push_back(std::move(part));
    return static_cast<unsigned>(parts.size());
}

unsigned HeifFile::add_picture(const CodedPicture& picture, std::vector<HeifBox> properties) {
    properties.insert(properties.begin(), {picture.type == "av01" ? "av1C" : "hvcC", picture.configuration});
    if (!picture.colours.empty()) properties.push_back({"colr", picture.colours});
    return add({picture.type, picture.data, std::move(properties)});
}

void HeifFile::add_exif(const ByteVector& exif, unsigned of) {
    ByteVector block{0, 0, 0, 6, 'E', 'x', 'i', 'f', 0, 0};
    put(block, exif);
    links.push_back({"cdsc", add({"Exif", std::move(block)}), {of}});
}

ByteVector HeifFile::bytes() const {
    ByteVector brands;
    put(brands, brand);
    put(brands, 0, 4);
    put(brands, std::string("mif1"));
    put(brands, brand);

    ByteVector entries, properties, owners, references{0, 0, 0, 0}, data_box, media;
    put(entries, 0, 4);
    put(entries, parts.size(), 2);
    put(owners, 1, 4);  // Indices of 15 bits.
    put(owners, parts.size(), 4);
    unsigned property_count = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        ByteVector entry;
        put(entry, 2U << 24U, 4);
        put(entry, i + 1, 2);
        put(entry, 0, 2);
        put(entry, parts[i].type);
        entry.push_back(0);
        put_box(entries, "infe", entry);
        put(owners, i + 1, 2);
        put(owners, parts[i].properties.size(), 1);
        for (const HeifBox& property : parts[i].properties) {
            put_box(properties, property.type, property.content);
            put(owners, ++property_count, 2);
        }
    }
    for (const HeifLink& link : links) {
        ByteVector reference;
        put(reference, link.from, 2);
        put(reference, link.to.size(), 2);
        for (const unsigned to : link.to) put(reference, to, 2);
        put_box(references, link.type, reference);
    }
    ByteVector of_parts;
    put_box(of_parts, "ipco", properties);
    put_box(of_parts, "ipma", owners);

    ByteVector handler(8);
    put(handler, std::string("pict"));
    handler.resize(handler.size() + 13);
    ByteVector primary_id;
    put(primary_id, 0, 4);
    put(primary_id, primary, 2);

    for (const HeifPart& part : parts)
        if (part.in_data_box) put(data_box, part.data);
    ByteVector out;
    put_box(out, "ftyp", brands);
    // Twice: only then is known where the media begin.
    for (std::size_t media_at = 0, round = 0; round < 2; ++round) {
        ByteVector locations;
        put(locations, 1U << 24U, 4);  // Version 1.
        put(locations, 0x4400, 2);     // Offsets and lengths of four bytes, nothing else.
        put(locations, parts.size(), 2);
        std::size_t in_media = media_at, in_data_box = 0;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const HeifPart& part = parts[i];
            put(locations, i + 1, 2);
            put(locations, part.in_data_box ? 1 : 0, 2);
            put(locations, 0, 2);
            put(locations, 1, 2);
            std::size_t& at = part.in_data_box ? in_data_box : in_media;
            put(locations, at, 4);
            put(locations, part.data.size(), 4);
            at += part.data.size();
        }
        ByteVector meta(4);
        put_box(meta, "hdlr", handler);
        put_box(meta, "pitm", primary_id);
        put_box(meta, "iinf", entries);
        if (!links.empty()) put_box(meta, "iref", references);
        put_box(meta, "iprp", of_parts);
        if (!data_box.empty()) put_box(meta, "idat", data_box);
        put_box(meta, "iloc", locations);
        if (round == 0)
            media_at = out.size() + 8 + meta.size() + 8;
        else
            put_box(out, "meta", meta);
    }
    for (const HeifPart& part : parts)
        if (!part.in_data_box) put(media, part.data);
    put_box(out, "mdat", media);
    return out;
}

HeifBox irot(unsigned quarters_anticlockwise) {
    return {"irot", {static_cast<std::uint8_t>(quarters_anticlockwise)}};
}

HeifBox imir(unsigned axis) {
    return {"imir", {static_cast<std::uint8_t>(axis)}};
}

HeifBox clap(int width_px, int height_px, int left_px, int top_px, int crop_width_px, int crop_height_px) {
    ByteVector content;
    const auto put_fraction = [&content](int above, int below) {
        put(content, static_cast<std::uint32_t>(above), 4);
        put(content, static_cast<std::uint32_t>(below), 4);
    };
    put_fraction(crop_width_px, 1);
    put_fraction(crop_height_px, 1);
    // From middle to middle, in halves.
    put_fraction(2 * left_px + crop_width_px - width_px, 2);
    put_fraction(2 * top_px + crop_height_px - height_px, 2);
    return {"clap", content};
}

HeifBox alpha_mark() {
    ByteVector content(4);
    put(content, std::string("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"));
    content.push_back(0);
    return {"auxC", content};
}

ByteVector grid_of(unsigned rows, unsigned columns, unsigned width_px, unsigned height_px) {
    ByteVector content{0, 1, static_cast<std::uint8_t>(rows - 1), static_cast<std::uint8_t>(columns - 1)};
    put(content, width_px, 4);
    put(content, height_px, 4);
    return content;
}

ByteVector make_heif(const Image& image, HeifCoding coding, std::vector<HeifBox> properties,
                     const ByteVector& exif) {
    HeifFile file;
    if (coding == HeifCoding::av1) file.brand = "avif";
    const unsigned id = file.add_picture(encode_picture(image, coding), std::move(properties));
    if (!exif.empty()) file.add_exif(exif, id);
    return file.bytes();
}

ByteVector make_tiled_heif(const Image& image, std::vector<HeifBox> properties) {
    constexpr int kSidePx = 64;
    const int columns = (image.width_px + kSidePx - 1) / kSidePx;
    const int rows = (image.height_px + kSidePx - 1) / kSidePx;
    HeifFile file;
    HeifLink tiles{"dimg", 1, {}};
    file.add({"grid",
              grid_of(static_cast<unsigned>(rows), static_cast<unsigned>(columns),
                      static_cast<unsigned>(image.width_px), static_cast<unsigned>(image.height_px)),
              std::move(properties), true});
    for (int i = 0; i < rows * columns; ++i) {
        Image tile{.width_px = kSidePx, .height_px = kSidePx, .pixels = PixelBytes(kSidePx * kSidePx * 3)};
        for (int y = 0; y < kSidePx; ++y)
            for (int x = 0; x < kSidePx; ++x) {
                const int from_x = std::min(i % columns * kSidePx + x, image.width_px - 1);
                const int from_y = std::min(i / columns * kSidePx + y, image.height_px - 1);
                std::copy_n(image.row(from_y) + from_x * 3, 3, tile.row(y) + x * 3);
            }
        tiles.to.push_back(file.add_picture(encode_picture(tile)));
    }
    file.links.push_back(std::move(tiles));
    return file.bytes();
}

}  // namespace findme::testing
