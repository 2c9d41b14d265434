#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "findme/findme.hpp"

// Compiled once, in json.cpp: it is a third of what it takes to compile a command.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace findme::cli {

/// Keys keep the order they are written in, so that output reads the same everywhere. Fields are only ever
/// added.
using Json = nlohmann::ordered_json;

/// One object on one line, without the line's end.
std::string one_line_of(const Json& json);
/// One object on one line, flushed: a killed run leaves whole lines only.
void write_line(std::ostream& out, const Json& json);
/// One indented object.
void write_document(std::ostream& out, const Json& json);

/// `{"text": ...}`, or `{"bytes": base64}` where the name is not UTF-8.
Json path_json(const std::string& path);
Json to_json(const ErrorInfo& error);
Json to_json(const Event& event);
Json to_json(const Event& event, const EventCounts& counts);
Json to_json(const Box& box);
Json to_json(const PhotoFace& face);
Json to_json(const Photo& photo);
Json to_json(const IndexItem& item);
Json to_json(const IndexSummary& summary);
Json to_json(const Event& event, const QueueStatus& status);
Json to_json(const SelfieCheck& check);
Json to_json(const Match& match);
Json to_json(const ModelCheck& check);
Json to_json(const ForgetReceipt& receipt);

}  // namespace findme::cli
