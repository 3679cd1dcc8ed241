// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>

namespace freshet::serve {

/// A name for the client at `address`: five hexadecimal digits, the same on every machine. About 4,096 IPv4 addresses have
/// each name, so it tells clients apart, but not who they are. The addresses of an IPv6 network of 64 bits, which one client
/// usually has all of, have the same name, and so have an IPv4 address and its IPv6 form.
std::string client_name(const boost::asio::ip::address& address);

}  // namespace freshet::serve
