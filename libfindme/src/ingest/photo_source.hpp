#pragma once

#include <functional>
#include <optional>

#include "findme/ingest.hpp"
#include "ingest/photo_work.hpp"

namespace findme::ingest {

/// Where the photos of a run come from. next() and go_on() are one thread's at a time, and so are on_ended()
/// and measure(); the two pairs may run beside one another.
class PhotoSource {
  public:
    virtual ~PhotoSource() = default;

    /// @return the next photo; nothing when there is none for now, and once the request's stop was asked for.
    /// @errors throws Error{store_*}, and what Scanner throws.
    [[nodiscard]] virtual std::optional<PhotoWork> next() = 0;
    /// For when next() gave nothing, and all that it gave before has ended: waits until there is more.
    /// @param meanwhile  called now and then.
    /// @return false when there will be none.
    [[nodiscard]] virtual bool go_on(const std::function<void()>& meanwhile) {
        static_cast<void>(meanwhile);
        return false;
    }
    /// What became of a photo is in the database.
    virtual void on_ended(const PhotoWork& work) { static_cast<void>(work); }
    /// Puts in how far the run is, as far as the source knows better than who counts what it gave.
    virtual void measure(IndexProgress& progress) = 0;
    [[nodiscard]] virtual bool stopped() const = 0;
};

}  // namespace findme::ingest
