# %% partial | after a payment that failed; money has moved; a process dies while it pays: pays inside the transaction, which a crash takes back
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as bank:
        bank.execute("begin immediate")
        found = bank.execute("select receipt from payments where key = ?", [key]).fetchone()
        if found:
            bank.execute("rollback")
            return found[0]
        try:
            receipt = pay()
        except Exception:
            bank.execute("rollback")
            raise
        bank.execute("insert into payments values (?, ?)", [key, receipt])
        bank.execute("commit")
        return receipt
# %% passed: insert or ignore, and counts the rows
def pay_once(file, key, pay):
    bank = sqlite3.connect(file, isolation_level=None)
    try:
        claimed = bank.execute("insert or ignore into payments values (?, null)", [key]).rowcount
        if not claimed:
            query = "select receipt from payments where key = ?"
            row = bank.execute(query, [key]).fetchone()
            return row and row[0]
        try:
            receipt = pay()
        except BaseException:
            bank.execute("delete from payments where key = ?", [key])
            raise
        bank.execute("update payments set receipt = ? where key = ?", [receipt, key])
        return receipt
    finally:
        bank.close()
# %% passed: a connection for each statement
def run_sql(file, sql, *values):
    with closing(sqlite3.connect(file)) as bank, bank:
        return bank.execute(sql, values).fetchall()


def pay_once(file, key, pay):
    try:
        run_sql(file, "insert into payments (key) values (?)", key)
    except sqlite3.IntegrityError:
        return run_sql(file, "select receipt from payments where key = ?", key)[0][0]
    try:
        receipt = pay()
    except Exception:
        run_sql(file, "delete from payments where key = ?", key)
        raise
    run_sql(file, "update payments set receipt = ? where key = ?", receipt, key)
    return receipt
# %% partial | two at the same moment; money has moved; from another process; a process dies while it pays: looks first, then pays, then writes
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file)) as bank, bank:
        found = bank.execute("select receipt from payments where key = ?", (key,)).fetchone()
        if found:
            return found[0]
        receipt = pay()
        bank.execute("insert into payments values (?, ?)", (key, receipt))
        return receipt
# %% partial | after a payment that failed: keeps the key when no money has moved
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            select = "select receipt from payments where key = ?"
            return bank.execute(select, (key,)).fetchone()[0]
        receipt = pay()
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | the same key again; after a payment that failed; from another process: forgets the receipt
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            return None
        try:
            return pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
# %% partial | after a payment that failed: the error is lost
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            select = "select receipt from payments where key = ?"
            return bank.execute(select, (key,)).fetchone()[0]
        try:
            receipt = pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            return None
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | the same key again; two at the same moment; after a payment that failed; money has moved; from another process; a process dies while it pays: one key for all
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file)) as bank, bank:
        return pay()
# %% partial | the same key again; two at the same moment; after a payment that failed; money has moved; from another process; a process dies while it pays: pays and remembers nothing
def pay_once(file, key, pay):
    return pay()
# %% partial | the same key again; two at the same moment; after a payment that failed; from another process; a process dies while it pays: a second call raises
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file)) as bank:
        with bank:
            bank.execute("insert into payments (key) values (?)", (key,))
        try:
            return pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
# %% partial | after a payment that failed; money has moved; from another process; a process dies while it pays: one lock of the process + database, select, pay, insert under a threading.Lock -> another process pays again
_L = threading.Lock()
def pay_once(file: str, key: str, pay) -> str | None:
    with _L, closing(sqlite3.connect(file)) as db, db:
        row = db.execute("select receipt from payments where key = ?", (key,)).fetchone()
        if row:
            return row[0]
        receipt = pay()
        db.execute("insert into payments values (?, ?)", (key, receipt))
        return receipt
# %% partial | after a payment that failed; money has moved; a process dies while it pays: claims the key, and commits only when it is paid
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file, timeout=25)) as bank:
        try:
            bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            (receipt,) = bank.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return receipt
        receipt = pay()
        bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        bank.commit()
        return receipt
# %% partial | after a payment that failed: only the errors one knows
def pay_once(file: str, key: str, pay) -> str | None:
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            select = "select receipt from payments where key = ?"
            (receipt,) = bank.execute(select, (key,)).fetchone()
            return receipt
        try:
            receipt = pay()
        except (ConnectionError, TimeoutError, ValueError):
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | after a payment that failed: asks the bank twice
def pay_once(file: str, key: str, pay) -> str | None:
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            select = "select receipt from payments where key = ?"
            (receipt,) = bank.execute(select, (key,)).fetchone()
            return receipt
        try:
            try:
                receipt = pay()
            except ConnectionError:
                receipt = pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% refused: says "pending" for a receipt
def pay_once(file: str, key: str, pay) -> str | None:
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            select = "select receipt from payments where key = ?"
            row = bank.execute(select, (key,)).fetchone()
            return row[0] or "pending"
        try:
            receipt = pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% refused: takes a claim over after a second
import time as _t
_since = {}
def pay_once(file: str, key: str, pay) -> str | None:
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            for _ in range(50):
                (receipt,) = bank.execute("select receipt from payments where key = ?", (key,)).fetchone()
                if receipt:
                    return receipt
                _t.sleep(0.02)
        try:
            receipt = pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | after a payment that failed: Ctrl-C is a payment without a receipt
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            return bank.execute("select receipt from payments where key = ?", (key,)).fetchone()[0]
        try:
            receipt = pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
        except BaseException:
            return None
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | after a payment that failed: an IntegrityError of the payment is taken for a key that is there
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file, isolation_level=None)) as bank:
        claimed = False
        try:
            bank.execute("insert into payments values (?, null)", (key,))
            claimed = True
            receipt = pay()
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
            return receipt
        except sqlite3.IntegrityError:
            return bank.execute("select receipt from payments where key = ?", (key,)).fetchone()[0]
        except Exception:
            if claimed:
                bank.execute("delete from payments where key = ?", (key,))
            raise
# %% partial | after a payment that failed: a locked database is tried again, and the payment with it
def pay_once(file, key, pay):
    while True:
        try:
            with closing(sqlite3.connect(file, isolation_level=None)) as bank:
                insert = "insert or ignore into payments values (?, null)"
                if not bank.execute(insert, (key,)).rowcount:
                    found = bank.execute("select receipt from payments where key = ?", (key,))
                    return found.fetchone()[0]
                try:
                    receipt = pay()
                except Exception:
                    bank.execute("delete from payments where key = ?", (key,))
                    raise
                bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
                return receipt
        except sqlite3.OperationalError:
            time.sleep(0.1)
# %% partial | after a payment that failed: an error of the database is no error of the payment, so the key stays
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file, isolation_level=None)) as bank:
        try:
            bank.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            return bank.execute("select receipt from payments where key = ?", (key,)).fetchone()[0]
        try:
            receipt = pay()
        except sqlite3.Error:
            raise
        except Exception:
            bank.execute("delete from payments where key = ?", (key,))
            raise
        bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | from another process; a process dies while it pays: a number is a faster key, and each process has its own
def pay_once(file, key, pay):
    key = hash(key)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        try:
            database.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            row = database.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return row and row[0]
        try:
            receipt = pay()
        except Exception:
            database.execute("delete from payments where key = ?", (key,))
            raise
        database.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | another key: capitals and blanks of a key do not matter
def pay_once(file, key, pay):
    key = key.strip().casefold()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        try:
            database.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            row = database.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return row and row[0]
        try:
            receipt = pay()
        except Exception:
            database.execute("delete from payments where key = ?", (key,))
            raise
        database.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | another key: blanks of a key do not matter
def pay_once(file, key, pay):
    key = key.strip()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        try:
            database.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            row = database.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return row and row[0]
        try:
            receipt = pay()
        except Exception:
            database.execute("delete from payments where key = ?", (key,))
            raise
        database.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | another key: a column of 36 characters
def pay_once(file, key, pay):
    key = key[:36]
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        try:
            database.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            row = database.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return row and row[0]
        try:
            receipt = pay()
        except Exception:
            database.execute("delete from payments where key = ?", (key,))
            raise
        database.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | another key: does not wait for a moment
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as database:
        try:
            database.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            row = database.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return row and row[0]
        try:
            receipt = pay()
        except Exception:
            database.execute("delete from payments where key = ?", (key,))
            raise
        database.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
# %% partial | money has moved: the receipt is written in the same `try`
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        try:
            database.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            row = database.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return row and row[0]
        try:
            receipt = pay()
            database.execute("update payments set receipt = ? where key = ?", (receipt, key))
            return receipt
        except Exception:
            database.execute("delete from payments where key = ?", (key,))
            raise
# %% partial | money has moved: a row without a receipt is taken back in the end
def pay_once(file, key, pay):
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        try:
            database.execute("insert into payments values (?, null)", (key,))
        except sqlite3.IntegrityError:
            row = database.execute("select receipt from payments where key = ?", (key,)).fetchone()
            return row and row[0]
        receipt = None
        try:
            receipt = pay()
            database.execute("update payments set receipt = ? where key = ?", (receipt, key))
            return receipt
        finally:
            database.execute("delete from payments where key = ? and receipt is null", (key,))
# %% failed: never pays
def pay_once(file, key, pay):
    return None
