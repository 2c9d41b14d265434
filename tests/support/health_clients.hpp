#pragma once

#include <string>
#include <string_view>

namespace findme::testing {

/// What a server sent until it closed the connection.
struct HttpReply {
    int status = 0;       ///< 0: nothing came.
    std::string headers;  ///< With the status line; lines end in CR LF.
    std::string body;

    /// The value of a header, whose name is written as the server writes it; empty where there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// A connection to `127.0.0.1:PORT` or `unix:PATH` that gives up after `patience(10 s)`.
class HttpConnection {
  public:
    explicit HttpConnection(const std::string& address);
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;
    ~HttpConnection();

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    /// @return false when the other side does not take it any more.
    bool send(std::string_view bytes) const;
    /// Reads until the server closes the connection.
    [[nodiscard]] HttpReply read() const;
    /// Whether the server has closed the connection, which it is given `patience(10 s)` for.
    [[nodiscard]] bool ends() const;

  private:
    int descriptor_ = -1;
};

/// One request without a body. @param headers  each with CR LF.
[[nodiscard]] HttpReply http(const std::string& address, std::string_view method, std::string_view path,
                             std::string_view headers = {});

}  // namespace findme::testing
