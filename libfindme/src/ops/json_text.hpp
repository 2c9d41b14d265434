#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace findme::ops {

/// JSON, written front to back.
class JsonText {
  public:
    JsonText& open_object() { return open('{'); }
    JsonText& close_object() { return close('}'); }
    JsonText& open_array() { return open('['); }
    JsonText& close_array() { return close(']'); }
    JsonText& key(std::string_view name);
    /// @param value  UTF-8.
    JsonText& text(std::string_view value);
    JsonText& integer(std::int64_t value);
    JsonText& real(double value);
    JsonText& boolean(bool value);
    JsonText& null();
    [[nodiscard]] const std::string& str() const { return text_; }

  private:
    JsonText& open(char bracket);
    JsonText& close(char bracket);
    JsonText& word(std::string_view value);
    void separate();
    void quote(std::string_view value);

    std::string text_;
    bool first_ = true;  ///< Nothing before it in its object, array or member.
};

}  // namespace findme::ops
