// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "base/result.h"
#include "store/rocks.h"

namespace freshet::store {

/// Opening and closing RocksDB. Only the .cc files of this folder include this.
/// Threads: no other thread uses the database.
/// Errors:  functions throw std::runtime_error with one clear line for the operator: Damage if a file has other bytes
///          than were written to it.

/// Why a data directory cannot be opened, now or later, unless it is repaired.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws: `what` of the data directory cannot be read because of `error`.
[[noreturn]] void refuse(const Database::Impl& impl, const std::string& what, const Error& error);

/// Throws: the data directory cannot be opened because of `status`. Says so if it is in use.
[[noreturn]] void refuse_to_open(const std::string& directory, const rocksdb::Status& status);

/// Throws "`what`: the reason" unless `status` is ok.
void require_ok(const std::string& what, const rocksdb::Status& status);

/// Opens RocksDB in the data directory. Creates it if it is missing, unless `read_only`.
void open_database(Database::Impl& impl, bool read_only);

/// Closes RocksDB if it is open.
void close_database(Database::Impl& impl);

/// Checks the format of the open database. Writes the format, and the fingerprint of the pseudonym key, to a new one.
void check_format(Database::Impl& impl, bool read_only);

/// Checks that the pseudonyms in the database were made with the configured key: with two keys one person would have
/// two ids.
void check_pseudonyms(const Database::Impl& impl);

/// After damage of the write-ahead log: lets the journal go on behind every offset that it may have given out.
void skip_lost_offsets(Database::Impl& impl);

/// Reads what the Impl holds in memory: stream time, ends and size of the journal, unfinished erasures, number of dead
/// letters. Reads the log positions too, so that what is damaged there is known at the start. Writes the size of
/// journal records that an older release has left without, unless `read_only`.
void load_counters(Database::Impl& impl, bool read_only);

}  // namespace freshet::store
