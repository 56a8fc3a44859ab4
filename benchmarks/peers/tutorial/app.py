"""What a tutorial teaches: FastAPI, SQLModel with a synchronous session, PyJWT, and ownership in the application."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Field, Session, SQLModel, create_engine, select

ORIGIN = os.environ["ORIGIN"]

engine = create_engine(os.environ["DATABASE_URL"])
jwks_client = jwt.PyJWKClient(os.environ["JWKS_URL"])


class TodoBase(SQLModel):
    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=10_000)
    status: str = "Todo"


class Todo(TodoBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    user_id: str = Field(index=True)
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime | None = None


class TodoCreate(TodoBase):
    pass


class TodoUpdate(SQLModel):
    title: str | None = Field(default=None, min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=10_000)
    status: str | None = None


class TodoRead(TodoBase):
    id: int
    created_at: datetime
    updated_at: datetime | None


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    SQLModel.metadata.create_all(engine)
    yield


app = FastAPI(lifespan=lifespan)


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def get_current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    try:
        signing_key = jwks_client.get_signing_key_from_jwt(credentials.credentials)
        claims = jwt.decode(credentials.credentials, signing_key, algorithms=["EdDSA"], audience=ORIGIN, issuer=ORIGIN)
    except jwt.PyJWTError:
        raise HTTPException(status_code=401, detail="Invalid token") from None
    return str(claims["sub"])


SessionDep = Annotated[Session, Depends(get_session)]
CurrentUser = Annotated[str, Depends(get_current_user)]


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/tasks", response_model=TodoRead, status_code=201)
def create_todo(todo: TodoCreate, session: SessionDep, user: CurrentUser) -> Todo:
    db_todo = Todo.model_validate(todo, update={"user_id": user})
    session.add(db_todo)
    session.commit()
    session.refresh(db_todo)
    return db_todo


@app.get("/tasks", response_model=list[TodoRead])
def read_todos(session: SessionDep, user: CurrentUser, skip: int = 0, limit: int = 100) -> list[Todo]:
    query = select(Todo).where(Todo.user_id == user).order_by(Todo.id).offset(skip).limit(limit)  # type: ignore[arg-type]
    return list(session.exec(query).all())


@app.get("/tasks/{todo_id}", response_model=TodoRead)
def read_todo(todo_id: int, session: SessionDep, user: CurrentUser) -> Todo:
    return own_todo(todo_id, session, user)


@app.patch("/tasks/{todo_id}", response_model=TodoRead)
def update_todo(todo_id: int, todo: TodoUpdate, session: SessionDep, user: CurrentUser) -> Todo:
    db_todo = own_todo(todo_id, session, user)
    db_todo.sqlmodel_update(todo.model_dump(exclude_unset=True))
    db_todo.updated_at = datetime.now(UTC)
    session.add(db_todo)
    session.commit()
    session.refresh(db_todo)
    return db_todo


def own_todo(todo_id: int, session: Session, user: str) -> Todo:
    db_todo = session.get(Todo, todo_id)
    if db_todo is None or db_todo.user_id != user:
        raise HTTPException(status_code=404, detail="Todo not found")
    return db_todo
