#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace findme::ops {

/// Where to listen, as text says it.
struct ListenAddress {
    enum class Kind { tcp, unix_socket, descriptor };
    Kind kind = Kind::tcp;
    std::string host;        ///< Numeric; no brackets.
    std::uint16_t port = 0;  ///< 0: any.
    std::string path;
    int descriptor = -1;  ///< A socket that listens already, as systemd hands it over.
};

/// @param text  `HOST:PORT`, `[HOST]:PORT`, `unix:PATH` or `fd:NUMBER`; HOST is an address or `localhost`.
/// @errors throws Error{config_invalid}.
[[nodiscard]] ListenAddress parse_listen_address(const std::string& text);

/// A socket that listens. A UNIX socket that a dead process left is replaced; it is made with mode 0660 and
/// removed at the end.
class ListenSocket {
  public:
    /// @errors throws Error{already_exists} when somebody listens there, Error{store_denied} when it may not
    /// be
    ///         used, Error{config_invalid} when it is no address of this machine.
    explicit ListenSocket(const ListenAddress& address);
    ListenSocket(const ListenSocket&) = delete;
    ListenSocket& operator=(const ListenSocket&) = delete;
    ~ListenSocket();

    [[nodiscard]] int descriptor() const { return descriptor_; }
    /// `127.0.0.1:9631`, `[::1]:9631` or `unix:/run/findme/health.sock`.
    [[nodiscard]] const std::string& name() const { return name_; }
    /// Whether nobody but this machine gets through to it.
    [[nodiscard]] bool is_local() const { return local_; }
    /// A connection to it, whose reads and writes give up after a second. @return a descriptor, or -1.
    [[nodiscard]] int connect() const;
    /// Refuses who comes from now on. One that was handed over goes on: others may hold it, too.
    void stop_listening();

  private:
    void listen_tcp(const ListenAddress& from);
    void listen_unix(const std::string& path);
    void adopt(int descriptor);
    void name_itself();
    void remove_file();

    int descriptor_ = -1;
    bool adopted_ = false;
    std::string name_;
    bool local_ = true;
    std::string path_;  ///< Of a socket file of our own, with its identity.
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace findme::ops
