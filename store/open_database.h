#pragma once

#include "store/database.h"

namespace freshet::store {

/// Opening and closing RocksDB. Only the .cc files of this folder include this.
/// Threads: no other thread uses the database.
/// Errors:  functions throw std::runtime_error with one clear line for the operator.

/// Opens RocksDB in the data directory. Creates it if it is missing, unless `read_only`.
void open_database(Database::Impl& impl, bool read_only);

/// Closes RocksDB if it is open.
void close_database(Database::Impl& impl);

/// Checks the format of the open database. Writes the format, and the fingerprint of the pseudonym key, to a new one.
void check_format(Database::Impl& impl, bool read_only);

/// Checks that the pseudonyms in the database were made with the configured key: with two keys one person would have two
/// ids.
void check_pseudonyms(const Database::Impl& impl);

/// Reads what the Impl holds in memory: stream time, ends of the journal, number of dead letters.
void load_counters(Database::Impl& impl);

}  // namespace freshet::store
