#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "access/parts.hpp"
#include "findme/account.hpp"
#include "findme/audit.hpp"
#include "findme/event.hpp"
#include "findme/photo.hpp"
#include "findme/token.hpp"
#include "support/clocked_database.hpp"
#include "support/test_database.hpp"

namespace findme::testing {

/// Selfies without pictures: a file's name says what it shows. `anna.1` is a good one of anna, `blurred` is
/// refused.
class NamedSelfies final : public access::SelfieJudge {
  public:
    [[nodiscard]] std::vector<access::JudgedSelfie> judge(std::span<const std::string> files) const override {
        std::vector<access::JudgedSelfie> judged;
        for (const auto& file : files) {
            access::JudgedSelfie selfie;
            selfie.check.path = file;
            if (file == "blurred") {
                selfie.check.refused =
                    ErrorInfo{ErrorCode::face_blurred, "the face is blurred: hold still", file};
            } else {
                selfie.face_template = template_of(file.substr(0, file.find('.')));
            }
            judged.push_back(std::move(selfie));
        }
        return judged;
    }
    [[nodiscard]] const ModelId& model() const override { return model_; }

    /// Far from everybody else's.
    static Template template_of(const std::string& person) {
        Template face_template(128);
        std::size_t at = 7;
        for (const char c : person) at = (at * 31 + static_cast<unsigned char>(c)) % face_template.size();
        face_template[at] = 1;
        return face_template;
    }

  private:
    ModelId model_ = "model";
};

/// Remembers what it was asked; matches are the match room's to test.
class NoMatches final : public access::EventMatcher {
  public:
    [[nodiscard]] std::vector<PhotoId> photos_near(db::Connection& /*connection*/, EventId /*event*/,
                                                   std::span<const Template> /*references*/) const override {
        return {};
    }
    void rematch(db::Connection& /*connection*/, EventId event, AccountId /*account*/,
                 std::span<const PhotoId> /*photos*/) const override {
        rematched.push_back(event);
    }
    void release(db::Connection& /*connection*/, EventId /*event*/, AccountId /*account*/) const override {}
    [[nodiscard]] std::size_t match_new(db::Connection& /*connection*/, EventId /*event*/) const override {
        return 0;
    }
    mutable std::vector<EventId> rematched;
};

/// What was written to the log.
class LogLines final : public Log {
  public:
    void write(LogLevel /*level*/, std::string_view event, std::span<const LogField> fields) override {
        std::string line(event);
        for (const auto& field : fields) line += " " + std::string(field.key) + "=" + field.value;
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// What an action is refused with; that it is, is a check.
inline ErrorInfo refusal_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("nothing was refused");
    return {};
}

/// All services over one fresh database. Its clock and this machine's begin at the same moment.
struct AccessWorld {
    explicit AccessWorld(db::Dialect dialect)
        : base(dialect),
          matcher(std::make_shared<NoMatches>()),
          parts(std::make_shared<const access::Parts>(
              access::Parts{std::make_shared<ClockedDatabase>(base.database(), database_clock), clock, &log,
                            "test", std::make_shared<NamedSelfies>(), matcher})),
          accounts(parts),
          events(parts),
          photos(parts),
          tokens(parts),
          audit(parts->database) {}

    Event make_event(const std::string& code) {
        EventRequest request;
        request.name = "Event " + code;
        request.code = code;
        return events.create(request);
    }
    static Registration guest(const std::string& name, const std::string& email, const std::string& code) {
        Registration registration;
        registration.username = name;
        registration.email = email;
        registration.event_code = code;
        return registration;
    }
    static Registration staff(const std::string& name, const std::string& email, Role role) {
        Registration registration;
        registration.username = name;
        registration.email = email;
        registration.role = role;
        return registration;
    }
    std::int64_t count(const std::string& sql) {
        std::int64_t rows = 0;
        base.connect()->run(sql, {}, [&](const db::Row& row) { rows = row.integer(0); });
        return rows;
    }
    /// `action detail` of every entry of a subject.
    std::vector<std::string> audited(const std::string& subject) {
        AuditQuery query;
        query.subject = subject;
        std::vector<std::string> entries;
        for (const auto& entry : audit.list(query))
            entries.push_back(entry.action + (entry.detail.empty() ? "" : " ") + entry.detail);
        return entries;
    }

    TestDatabase base;
    FixedClock database_clock;
    FixedClock clock;  ///< This machine's.
    LogLines log;
    std::shared_ptr<NoMatches> matcher;
    std::shared_ptr<const access::Parts> parts;
    Accounts accounts;
    Events events;
    Photos photos;
    Tokens tokens;
    Audit audit;
};

}  // namespace findme::testing
