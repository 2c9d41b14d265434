#include "ingest/photo_work.hpp"

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "db/retry.hpp"

namespace findme::ingest {
namespace {

bool is_turned(int orientation) {
    return orientation >= 5;
}

std::string content_type(ImageFormat format) {
    // No registered name covers the raw photos of all makers.
    return format == ImageFormat::raw ? "image/x-raw" : "image/" + std::string(to_string(format));
}

void fail(PhotoWork& work, const WorkContext& context, ErrorInfo error) {
    error.message = "cannot index " + base::quoted(work.item.path) + ": " + error.message;
    error.subject = work.item.path;
    work.item.outcome = IndexOutcome::failed;
    if (work.item.hash) {
        store::PhotoRecord record;
        record.event = context.event.id;
        record.model = context.model;
        record.hash = *work.item.hash;
        record.path = {work.item.path, work.stat.size_bytes, work.stat.mtime_ns};
        record.status = PhotoStatus::failed;
        record.error = error;
        record.indexed_at = context.clock.now();
        work.record = std::move(record);
    }
    work.item.error = std::move(error);
}

Result<store::PhotoRecord> analyse(std::span<const std::uint8_t> bytes, const WorkContext& context,
                                   face::Workspace& workspace) {
    const auto header = read_image_header(bytes, context.limits);
    if (!header) return header.error();
    const DecodeOptions options{face::kEnoughLongSide_px};
    const ByteBudget::Share share(context.budget, decoding_bytes(*header, options));
    const auto decoded = decode_image(bytes, context.limits, options);
    if (!decoded) return decoded.error();

    store::PhotoRecord record;
    const bool turned = is_turned(header->orientation);
    record.width_px = turned ? header->height_px : header->width_px;
    record.height_px = turned ? header->width_px : header->height_px;
    record.content_type = content_type(header->format);
    record.captured_at = header->captured_at;
    for (auto& face : context.analyser.analyse(decoded->image, record.height_px, workspace)) {
        record.faces.push_back({face.face, face.face_template});
    }
    return record;
}

}  // namespace

void work_on(PhotoWork& work, const WorkContext& context, face::Workspace& workspace) {
    if (!work.wanted) return;
    const auto bytes = base::read_file(work.item.path, context.limits.max_file_bytes, base::kRaiseImageLimit);
    if (!bytes) {
        work.item.outcome = IndexOutcome::failed;
        work.item.error = bytes.error();
        return;
    }
    work.item.hash = base::sha256(*bytes);
    if (!context.reindex) {
        work.known = db::fetch_retrying(context.database, [&](db::Connection& connection) {
            return store::PhotoRepository(connection)
                .find_indexed(context.event.id, *work.item.hash, context.model);
        });
        if (work.known) {
            work.item.outcome = IndexOutcome::duplicate;
            return;
        }
    }
    Result<store::PhotoRecord> record = ErrorInfo{};
    try {
        record = analyse(*bytes, context, workspace);
    } catch (const std::bad_alloc&) {
        record = ErrorInfo{ErrorCode::image_too_large,
                           "out of memory (lower image.max_pixels or use fewer --jobs)"};
    }
    if (!record) return fail(work, context, record.error());
    record->event = context.event.id;
    record->model = context.model;
    record->replaces_other_models = context.reindex;
    record->hash = *work.item.hash;
    record->path = {work.item.path, work.stat.size_bytes, work.stat.mtime_ns};
    record->status = PhotoStatus::done;
    record->indexed_at = context.clock.now();
    work.item.outcome = IndexOutcome::indexed;
    work.item.faces = static_cast<int>(record->faces.size());
    work.record = std::move(*record);
}

}  // namespace findme::ingest
