#pragma once

#include <optional>
#include <string>

#include "base/file.hpp"
#include "db/connection.hpp"
#include "face/face_analyser.hpp"
#include "findme/ingest.hpp"
#include "ingest/byte_budget.hpp"
#include "store/photo_repository.hpp"

namespace findme::ingest {

/// What every photo of a run is worked on with. Borrowed; all of it may be used from several threads.
struct WorkContext {
    Event event;
    ModelId model;
    ImageLimits limits;
    bool reindex = false;
    const face::FaceAnalyser& analyser;
    db::Database& database;
    const Clock& clock;
    ByteBudget& budget;
};

/// One file on its way to the database.
struct PhotoWork {
    IndexItem item;  ///< What the observer will hear.
    base::FileStat stat;
    bool wanted = false;                       ///< Still to be read and analysed.
    std::optional<PhotoId> known;              ///< Its bytes are indexed already: only the path is new.
    std::optional<store::PhotoRecord> record;  ///< To be saved.
    std::optional<store::JobClaim> claim;      ///< Of a shared run.
    bool ours = true;  ///< To be reported; false when another run has its job by now, or will.
};

/// Reads, identifies, decodes and analyses one file. A bad file becomes a record or an item that says why.
/// @errors throws for a dead store or a bug only.
void work_on(PhotoWork& work, const WorkContext& context, face::Workspace& workspace);

}  // namespace findme::ingest
