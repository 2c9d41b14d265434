#include "access/new_token.hpp"

#include "access/token_text.hpp"
#include "store/token_repository.hpp"

namespace findme::access {

IssuedToken new_token(db::Connection& connection, AccountId account, std::chrono::minutes lifetime) {
    store::TokenRepository tokens(connection);
    const Timestamp now = connection.now();
    tokens.void_all(account, now);
    IssuedToken issued{generate_token(), now + lifetime};
    static_cast<void>(tokens.insert(account, token_hash(issued.token.view()), now, issued.expires_at));
    return issued;
}

}  // namespace findme::access
